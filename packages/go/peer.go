// Package touchstonepeer gives tests a WebSocket peer that does what it is told, legal or not, and a proxy that judges
// both sides.
//
//	server := touchstonepeer.Play(t, `{"connections": [{"refuse": 503}, {"then": "echo"}]}`)
//	client.Connect(server.URL) // must come back after the 503
//	server.Wait("message", touchstonepeer.Fields{"text": "hello"})
//	server.Finish()
//
// The program is TOUCHSTONE in the environment, or touchstone on the PATH. docs/play.md describes scripts, commands and
// events; all that this package knows of WebSocket is in that process.
package touchstonepeer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// Event is one line of the process: "event" is its name.
type Event map[string]any

// Fields are what an event has to have.
type Fields map[string]any

// Peer is a running `touchstone play` or `touchstone tap`. It ends with its test.
type Peer struct {
	URL    string // where it listens
	CAFile string // of a server with TLS: whom to trust
	First  Event

	t       testing.TB
	process *exec.Cmd
	input   io.WriteCloser
	errors  bytes.Buffer
	events  chan Event // closed at the end of the process' output
	ended   chan struct{}
	lock    sync.Mutex
	seen    []Event
	number  int
}

// Patience is how long Wait and Do wait.
var Patience = 10 * time.Second

// Play starts a scripted server, or with the option --connect URL a scripted client. An empty script echoes.
func Play(t testing.TB, script string, options ...string) *Peer {
	t.Helper()
	words := append([]string{"play"}, options...)
	first := "connecting"
	if !has(options, "--connect") {
		words, first = append(words, "--port", "0"), "listening"
	}
	if script != "" {
		file := filepath.Join(t.TempDir(), "script.json")
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		words = append(words, file)
	}
	return start(t, words, first)
}

// Tap starts a proxy in front of the server at `upstream`, which judges both sides.
func Tap(t testing.TB, upstream string, options ...string) *Peer {
	t.Helper()
	return start(t, append([]string{"tap", "--upstream", upstream, "--port", "0"}, options...), "listening")
}

func has(words []string, word string) bool {
	for _, each := range words {
		if each == word {
			return true
		}
	}
	return false
}

func start(t testing.TB, words []string, first string) *Peer {
	t.Helper()
	program := os.Getenv("TOUCHSTONE")
	if program == "" {
		program = "touchstone"
	}
	p := &Peer{t: t, events: make(chan Event, 1024), ended: make(chan struct{})}
	p.process = exec.Command(program, append(words, "--json", "--exit-with-stdin")...)
	p.process.Stderr = &p.errors
	var err error
	if p.input, err = p.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	output, err := p.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.process.Start(); err != nil {
		t.Fatalf("%v; set TOUCHSTONE to the program, or put it on the PATH", err)
	}
	go p.read(output)
	t.Cleanup(func() { p.Stop() })
	p.First = p.Wait(first, nil)
	p.URL, _ = p.First["url"].(string)
	p.CAFile, _ = p.First["ca_file"].(string)
	return p
}

func (p *Peer) read(output io.Reader) {
	lines := bufio.NewReader(output)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var event Event
		if json.Unmarshal(line, &event) == nil {
			p.events <- event
		}
	}
	close(p.events)
}

// next adds one more event to those that came. False: there is none in time, or no more.
func (p *Peer) next(deadline <-chan time.Time) bool {
	select {
	case event, ok := <-p.events:
		if ok {
			p.seen = append(p.seen, event)
		}
		return ok
	case <-deadline:
		return false
	}
}

func fits(event Event, name string, fields Fields) bool {
	for key, value := range fields {
		if number, ok := value.(int); ok {
			value = float64(number) // as JSON has it
		}
		if !reflect.DeepEqual(event[key], value) {
			return false
		}
	}
	return name == "" || event["event"] == name
}

func (p *Peer) find(name string, fields Fields) (Event, bool) {
	p.lock.Lock()
	defer p.lock.Unlock()
	deadline := time.After(Patience)
	for i := 0; ; i++ {
		if i == len(p.seen) && !p.next(deadline) {
			return nil, false
		}
		if fits(p.seen[i], name, fields) {
			return p.seen[i], true
		}
	}
}

// Wait gives the first event of that name with these fields, one that came already, too. It fails the test when none
// comes.
func (p *Peer) Wait(name string, fields Fields) Event {
	p.t.Helper()
	event, ok := p.find(name, fields)
	if !ok {
		p.t.Fatalf("no event %s %v; %s", name, fields, p.Why())
	}
	return event
}

// Command sends a line: {"send": STEP}, {"close": 1000}, {"drop": "reset"}, {"network": ...} ...
func (p *Peer) Command(command Fields) {
	p.t.Helper()
	line, err := json.Marshal(command)
	if err == nil {
		_, err = p.input.Write(append(line, '\n'))
	}
	if err != nil {
		p.t.Fatalf("command %v: %v", command, err)
	}
}

// Do sends a command of a play and waits until it is done.
func (p *Peer) Do(command Fields) {
	p.t.Helper()
	p.number++
	numbered := Fields{"id": p.number}
	for key, value := range command {
		numbered[key] = value
	}
	p.Command(numbered)
	if answer, ok := p.find("", Fields{"id": p.number}); !ok || answer["event"] != "done" {
		p.t.Fatalf("command %v: %v", command, answer)
	}
}

// Stop ends it and gives its verdict.
func (p *Peer) Stop() Event {
	p.input.Close()
	p.lock.Lock()
	defer p.lock.Unlock()
	deadline := time.After(Patience)
	for p.next(deadline) {
	}
	select {
	case <-p.ended:
	default:
		stop := time.AfterFunc(Patience, func() { p.process.Process.Kill() })
		p.process.Wait()
		stop.Stop()
		close(p.ended)
	}
	for _, event := range p.seen {
		if event["event"] == "verdict" {
			return event
		}
	}
	return nil
}

// Finish waits until all that the script plans took place, and fails the test when the verdict is not ok.
func (p *Peer) Finish() Event {
	p.t.Helper()
	p.Wait("verdict", nil)
	verdict := p.Stop()
	if verdict["result"] != "ok" {
		p.t.Fatal(p.Why())
	}
	return verdict
}

// Violations are the rules that were broken so far, each with its clause.
func (p *Peer) Violations() []Event {
	p.lock.Lock()
	defer p.lock.Unlock()
	for len(p.events) > 0 && p.next(nil) {
	}
	var found []Event
	for _, event := range p.seen {
		if event["event"] == "violation" {
			found = append(found, event)
		}
	}
	return found
}

// Why says the failed steps and the violations, a line each, or what the program said before it ended.
func (p *Peer) Why() string {
	p.lock.Lock()
	defer p.lock.Unlock()
	var lines []string
	for _, event := range p.seen {
		switch event["event"] {
		case "violation":
			lines = append(lines, fmt.Sprintf("%v, %v, %v: expected %v; seen: %v", event["by"], event["level"],
				event["clause"], event["expected"], event["seen"]))
		case "step-failed":
			lines = append(lines, fmt.Sprintf("%v: expected %v; seen: %v", event["place"], event["expected"], event["seen"]))
		}
	}
	if len(lines) == 0 {
		lines = append(lines, fmt.Sprintf("%d events came, the last ones %v", len(p.seen), p.seen[max(0, len(p.seen)-4):]))
	}
	return strings.Join(lines, "\n")
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}
