// Driver with nhooyr.io/websocket for `touchstone serve --next`: client_next URL. With scripts/lib/next_driver.go.
package main

import (
	"net/http"

	"nhooyr.io/websocket"
)

func connect(t told) string {
	if t.Reconnect {
		return "it does not come back by itself"
	}
	transport, err := t.transport()
	if err != nil {
		return err.Error()
	}
	ctx, cancel := t.context()
	defer cancel()
	fresh := &http.Client{Transport: transport}
	defer fresh.CloseIdleConnections()
	conn, _, err := websocket.Dial(ctx, t.URL, &websocket.DialOptions{
		HTTPClient: fresh, HTTPHeader: t.header(), Subprotocols: t.Subprotocols})
	if err != nil {
		return ""
	}
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return ""
		}
	}
}
