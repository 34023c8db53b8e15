// What drivers in Go for `touchstone serve --next` share: fetching orders, and what an order says. A driver is this file and
// one of its own with connect(); scripts/lib/peer.sh builds them together.
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

// With the proxy and the certificate authority that are asked for.
func (t told) transport() (*http.Transport, error) {
	transport := &http.Transport{}
	if t.Proxy != "" {
		proxy, err := url.Parse(t.Proxy)
		if err != nil {
			return nil, err
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return transport, nil
}

func (t told) header() http.Header {
	header := http.Header{}
	for name, value := range t.Headers {
		header.Set(name, value)
	}
	return header
}

// Ends when the order is to be cancelled, and after ten seconds at the latest.
func (t told) context() (context.Context, context.CancelFunc) {
	limit := 10 * time.Second
	if t.CancelMs > 0 {
		limit = time.Duration(t.CancelMs) * time.Millisecond
	}
	return context.WithTimeout(context.Background(), limit)
}

// All connections of an order at once. Why one cannot be made as it is told, if so.
func follow(todo order) (why string) {
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
	return why
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
		why = follow(todo)
	}
}
