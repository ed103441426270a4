package http

import (
	"encoding/json"
	"net/http"
	"strconv"

	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sqlstate"
)

// problem is an answer that is no success, as RFC 9457 has it. The members after Detail are Wire's own.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Line and Record, from 1, say where in the body the bad record is; Column is what is wrong in it, Code the SQLSTATE.
	Line   int    `json:"line,omitempty"`
	Record int    `json:"record,omitempty"`
	Column string `json:"column,omitempty"`
	Code   string `json:"code,omitempty"`
	// header goes with the answer: a name and its value.
	header [2]string
}

func newProblem(status int, detail string) *problem {
	return &problem{Title: http.StatusText(status), Status: status, Detail: detail}
}

func (p *problem) with(name, value string) *problem {
	p.header = [2]string{name, value}
	return p
}

// retryAfter is how many seconds a client should wait when there is no room, or no server: back-pressure passes quickly or not at all.
const retryAfter = "1"

func stopping() *problem {
	return newProblem(http.StatusServiceUnavailable, "the pipeline is stopping; no row of this request was taken").with("Retry-After", retryAfter)
}

func tooMany(what string) *problem {
	return newProblem(http.StatusTooManyRequests, "too much waits already: "+what+"; send it again later").with("Retry-After", retryAfter)
}

// malformed is the answer to a body whose structure is wrong.
func malformed(err *splitError) *problem {
	status := http.StatusBadRequest
	if err.TooLong {
		status = http.StatusRequestEntityTooLarge
	}
	p := newProblem(status, err.Error()+"; no row of this request was taken")
	p.Line, p.Record = err.Line, err.Record
	return p
}

// refusedRow is the answer to a request that brought a row which failed. record counts from 0 within the request, or is -1.
func refusedRow(err *codec.RefusedError, record, line int) *problem {
	status := http.StatusBadRequest
	if err.Err.Code == sqlstate.ProgramLimitExceeded {
		status = http.StatusRequestEntityTooLarge
	}
	p := newProblem(status, err.Error()+"; no row of this request was taken")
	p.Line, p.Record, p.Column, p.Code = line, record+1, err.Column, string(err.Err.Code)
	return p
}

// undelivered is the answer when the pipeline ended before the rows were delivered everywhere.
func undelivered() *problem {
	return newProblem(http.StatusServiceUnavailable,
		"the pipeline ended before every row of this request was delivered; some may have been").with("Retry-After", retryAfter)
}

// write sends the answer.
func (p *problem) write(w http.ResponseWriter) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	if p.header[0] != "" {
		h.Set(p.header[0], p.header[1])
	}
	w.WriteHeader(p.Status)
	_, err = w.Write(append(body, '\n'))
	return err
}

// writeTaken answers that q's rows were delivered, or, with accepted, that they are in the pipeline and no more. It counts records, or bytes
// where only the decoder knows records.
func writeTaken(w http.ResponseWriter, q *request, accepted bool) error {
	body := make([]byte, 0, 128)
	if q.records >= 0 {
		body = append(body, `{"accepted":`...)
		body = strconv.AppendInt(body, int64(q.records), 10)
	} else {
		body = append(body, `{"accepted_bytes":`...)
		body = strconv.AppendInt(body, int64(len(q.body)), 10)
	}
	status := http.StatusOK
	if accepted {
		status = http.StatusAccepted
		body = append(body, `,"delivered":false,"detail":"rows that are not delivered yet are lost if Wire crashes"`...)
	}
	body = append(body, '}', '\n')
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}
