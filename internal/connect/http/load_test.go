package http

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestEveryByteIsGivenBack: clients of all kinds at once, with little room: good, malformed, compressed, too large, and such as leave in the
// middle. Whatever becomes of them, a good request that got 200 has its row in exactly one block that was delivered, no other has one, and
// nothing stays reserved (serve checks that at the end).
func TestEveryByteIsGivenBack(t *testing.T) {
	s := serve(t, map[string]any{"max_body": "2KB", "max_pending": "8KB", "max_requests": 20})
	var mu sync.Mutex
	delivered := map[string]int{}
	s.run(func(data string) error {
		record := 0
		for line := range strings.Lines(data) {
			if strings.Contains(line, "bad") {
				return badRow(record, -1)
			}
			record++
		}
		mu.Lock()
		defer mu.Unlock()
		for line := range strings.Lines(data) {
			delivered[strings.TrimSpace(line)]++
		}
		return nil
	})
	var clients sync.WaitGroup
	for c := range 16 {
		random := rand.New(rand.NewPCG(uint64(c), 7))
		clients.Go(func() {
			for i := range 60 {
				row := fmt.Sprintf(`{"client":%d,"row":%d}`, c, i)
				status := s.oddRequest(random.IntN(6), row)
				mu.Lock()
				if n := delivered[row]; status == http.StatusOK && n != 1 || status >= 400 && n != 0 {
					t.Errorf("%s: answered %d, delivered %d times", row, status, n)
				}
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	mu.Lock()
	defer mu.Unlock()
	if len(delivered) < 16 {
		t.Errorf("only %d rows were delivered: this proves little", len(delivered))
	}
}

// oddRequest posts row in one of several ways and returns the status, 0 if the client left before the answer.
func (s *served) oddRequest(kind int, row string) int {
	switch kind {
	case 0:
		return s.post(row + strings.Repeat(" ", 1000)).status
	case 1:
		return s.post(string(gzipped(s.t, []byte(row))), "Content-Encoding", "gzip").status
	case 2:
		return s.post(row + "\n{").status
	case 3:
		return s.post(row + "\n{\"bad\":1}").status
	case 4:
		return s.post(row + strings.Repeat(" ", 3000)).status
	default:
		return s.leave(row)
	}
}

// leave posts row and leaves at once.
func (s *served) leave(row string) int {
	ctx, cancel := context.WithCancel(s.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(row))
	if err != nil {
		s.t.Error(err)
	}
	go cancel()
	resp, err := s.client.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}
