// Driver with gorilla/websocket for the fuzzing server: client URL. The library leaves the check of UTF-8 to the
// application; this is the check of its own examples/autobahn.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var dialer = websocket.Dialer{EnableCompression: true}

// The last message before the connection ended; echo: every message goes back.
func connect(path string, echo bool) string {
	conn, _, err := dialer.Dial(os.Args[1]+path, nil)
	if err != nil {
		return ""
	}
	defer conn.Close()
	last := ""
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return last
		}
		if kind == websocket.TextMessage && !utf8.Valid(message) {
			reason := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
			conn.WriteControl(websocket.CloseMessage, reason, time.Time{})
			return last
		}
		if echo && conn.WriteMessage(kind, message) != nil {
			return last
		}
		last = string(message)
	}
}

func main() {
	count, _ := strconv.Atoi(connect("/getCaseCount", false))
	for number := 1; number <= count; number++ {
		connect(fmt.Sprintf("/runCase?case=%d&agent=gorilla", number), true)
	}
	connect("/updateReports?agent=gorilla", false)
}
