package touchstonepeer_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"touchstonepeer"
)

// The client under test: it comes back after a refusal.
func dialUntilOpen(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	for try := 0; try < 5; try++ {
		connection, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err == nil {
			return connection
		}
	}
	t.Fatal("it was refused five times")
	return nil
}

func TestMyClientComesBackAfterARefusal(t *testing.T) {
	server := touchstonepeer.Play(t, `{"connections": [{"refuse": 503}, {"refuse": 503}, {"then": "echo"}]}`)
	connection := dialUntilOpen(t, server.URL)
	if err := connection.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	server.Wait("message", touchstonepeer.Fields{"text": "hello"})
	if _, data, err := connection.ReadMessage(); err != nil || string(data) != "hello" {
		t.Fatal(string(data), err)
	}
	connection.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
	connection.ReadMessage()
	connection.Close()
	if verdict := server.Finish(); verdict["connections"] != 3.0 {
		t.Fatal(verdict)
	}
}

func TestMyClientFailsTheConnectionAtAReservedBit(t *testing.T) {
	server := touchstonepeer.Play(t, `{"connections": [{"steps": [{"frame": "text", "rsv": 2, "payload": "x"}]}]}`)
	connection := dialUntilOpen(t, server.URL)
	if _, data, err := connection.ReadMessage(); err == nil {
		t.Fatalf("it took %q (RFC 6455 5.2)", data)
	}
	connection.Close()
	server.Wait("close", touchstonepeer.Fields{"from": "client", "code": 1002})
}

func TestMyServerIsJudgedWhileItServes(t *testing.T) {
	upgrader := websocket.Upgrader{}
	mine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer connection.Close()
		for {
			kind, data, err := connection.ReadMessage()
			if err != nil {
				return
			}
			connection.WriteMessage(kind, data)
		}
	}))
	defer mine.Close()
	tap := touchstonepeer.Tap(t, strings.Replace(mine.URL, "http", "ws", 1), "--judge", "server")
	connection := dialUntilOpen(t, tap.URL)
	defer connection.Close()
	connection.WriteMessage(websocket.TextMessage, []byte("through the tap"))
	if _, data, err := connection.ReadMessage(); err != nil || string(data) != "through the tap" {
		t.Fatal(string(data), err)
	}
	tap.Command(touchstonepeer.Fields{"drop": "reset", "side": "client"})
	if _, _, err := connection.ReadMessage(); err == nil {
		t.Fatal("the connection is still there")
	}
	if broken := tap.Violations(); len(broken) > 0 {
		t.Fatal(tap.Why())
	}
}
