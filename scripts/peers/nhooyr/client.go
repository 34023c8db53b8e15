// Driver with nhooyr.io/websocket for the fuzzing server: client URL.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"nhooyr.io/websocket"
)

// The last message before the connection ended; echo: every message goes back.
func connect(path string, echo bool) string {
	// A read or a write that gets stuck ends here; the server has given up on it before.
	ctx, cancel := context.WithTimeout(context.Background(), 7*time.Second)
	defer cancel()
	// A TCP connection of its own: one that an answer other than 101 left open is not for the next case.
	fresh := &http.Client{Transport: &http.Transport{}}
	defer fresh.CloseIdleConnections()
	conn, _, err := websocket.Dial(ctx, os.Args[1]+path, &websocket.DialOptions{HTTPClient: fresh})
	if err != nil {
		return ""
	}
	// The library may wait 5 s for an answer that does not come; the next case does not wait for that.
	defer func() { go conn.Close(websocket.StatusInternalError, "") }()
	conn.SetReadLimit(64 << 20)
	last := ""
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil {
			return last
		}
		if echo && conn.Write(ctx, kind, message) != nil {
			return last
		}
		last = string(message)
	}
}

func main() {
	count, _ := strconv.Atoi(connect("/getCaseCount", false))
	for number := 1; number <= count; number++ {
		connect(fmt.Sprintf("/runCase?case=%d&agent=nhooyr", number), true)
	}
	connect("/updateReports?agent=nhooyr", false)
}
