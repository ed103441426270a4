package http

import (
	"crypto/tls"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// verdict is what an answer, or its absence, says of a request.
type verdict uint8

const (
	taken   verdict = iota // the target has the rows
	again                  // it may take them later
	rowsBad                // it refuses these rows for good
	allBad                 // it would refuse any rows: address, method or credentials are wrong
)

// judge returns what the answer to a request says of it.
func judge(status int) verdict {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return again
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusNotAcceptable, http.StatusProxyAuthRequired, http.StatusGone, http.StatusLengthRequired, http.StatusUnsupportedMediaType,
		http.StatusExpectationFailed, http.StatusMisdirectedRequest, http.StatusUpgradeRequired, http.StatusRequestHeaderFieldsTooLarge:
		return allBad
	}
	switch status / 100 {
	case 2:
		return taken
	case 4:
		return rowsBad
	case 5:
		return again
	default: // a redirection that was not followed
		return allBad
	}
}

// judgeError returns what it says of a request that it got no answer.
func judgeError(err error) verdict {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return allBad
	}
	return again
}

// maxRetryAfter bounds what a target may ask for.
const maxRetryAfter = time.Hour

// pauseAsked returns the pause that a Retry-After header asks for, in seconds or as a date (RFC 9110, 10.2.3); 0 if there is none.
func pauseAsked(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0
	}
	if n, err := strconv.ParseUint(header, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
