// Driver with gorilla/websocket for `touchstone serve --next`: client_next URL. With scripts/lib/next_driver.go.
package main

import "github.com/gorilla/websocket"

func connect(t told) string {
	if t.Reconnect {
		return "it does not come back by itself"
	}
	transport, err := t.transport()
	if err != nil {
		return err.Error()
	}
	dialer := websocket.Dialer{Subprotocols: t.Subprotocols, Proxy: transport.Proxy, TLSClientConfig: transport.TLSClientConfig}
	ctx, cancel := t.context()
	defer cancel()
	conn, _, err := dialer.DialContext(ctx, t.URL, t.header())
	if err != nil {
		return ""
	}
	defer conn.Close()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return ""
		}
	}
}
