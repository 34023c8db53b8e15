// Driver with gorilla/websocket for `touchstone serve --next`: client_next URL.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

type told struct {
	URL          string            `json:"url"`
	Subprotocols []string          `json:"subprotocols"`
	Headers      map[string]string `json:"headers"`
	CA           string            `json:"ca"`
	Proxy        string            `json:"proxy"`
	Count        int               `json:"count"`
	CancelMs     int               `json:"cancel_ms"`
	Reconnect    bool              `json:"reconnect"`
}

type order struct {
	Done    bool   `json:"done"`
	Connect []told `json:"connect"`
}

func connect(t told) string {
	if t.Reconnect {
		return "it does not come back by itself"
	}
	dialer := websocket.Dialer{Subprotocols: t.Subprotocols}
	if t.Proxy != "" {
		proxy, err := url.Parse(t.Proxy)
		if err != nil {
			return err.Error()
		}
		dialer.Proxy = http.ProxyURL(proxy)
	}
	if t.CA != "" {
		pem, _ := os.ReadFile(t.CA)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		dialer.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	header := http.Header{}
	for name, value := range t.Headers {
		header.Set(name, value)
	}
	ctx := context.Background()
	if t.CancelMs > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(t.CancelMs)*time.Millisecond)
		defer cancel()
	}
	conn, _, err := dialer.DialContext(ctx, t.URL, header)
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

func main() {
	direct := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for why := ""; ; {
		next := os.Args[1]
		if why != "" {
			next += "&unimplemented=" + url.QueryEscape(why)
		}
		answer, err := direct.Get(next)
		if err != nil {
			os.Exit(1)
		}
		var todo order
		err = json.NewDecoder(answer.Body).Decode(&todo)
		answer.Body.Close()
		if err != nil {
			os.Exit(1)
		}
		if todo.Done {
			return
		}
		why = ""
		var group sync.WaitGroup
		var lock sync.Mutex
		for _, each := range todo.Connect {
			for i := 0; i < 1 || i < each.Count; i++ {
				group.Add(1)
				go func(t told) {
					defer group.Done()
					if cannot := connect(t); cannot != "" {
						lock.Lock()
						why = cannot
						lock.Unlock()
					}
				}(each)
			}
		}
		group.Wait()
	}
}
