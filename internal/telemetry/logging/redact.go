package logging

import (
	"log/slog"
	"net/url"
	"slices"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// secretWords are what keys of secrets end in, in lower case without separators: "db_password", "accessToken" and "X-Api-Key" do, while
// "token_count" does not.
var secretWords = []string{ //nolint:gochecknoglobals // immutable table
	"password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "tokens", "authorization", "credential", "credentials",
	"apikey", "privatekey", "secretkey", "accesskey", "cookie",
}

// redact is slog's ReplaceAttr: it hides the value of a key, or of a member of a group, that names a secret, and passwords in URLs. It does
// not look into structs and maps; whoever logs one gives it a LogValue.
func redact(groups []string, attr slog.Attr) slog.Attr {
	if isSecret(attr.Key) || slices.ContainsFunc(groups, isSecret) {
		return slog.String(attr.Key, redacted)
	}
	switch value := attr.Value.Any().(type) {
	case string:
		return slog.String(attr.Key, withoutPassword(value))
	case *url.URL:
		if value != nil {
			return slog.String(attr.Key, value.Redacted())
		}
	case error:
		return slog.String(attr.Key, withoutPassword(value.Error()))
	}
	return attr
}

// isSecret tells a key by its end.
func isSecret(key string) bool {
	plain := strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(key))
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.HasSuffix(plain, word) })
}

// withoutPassword hides the password of every "scheme://user:password@host" in text. Text without one is returned as it is.
func withoutPassword(text string) string {
	var out strings.Builder
	rest := text
	for {
		before, after, found := strings.Cut(rest, "://")
		if !found {
			break
		}
		out.WriteString(before + "://")
		end := strings.IndexAny(after, "/?# \t\r\n\"'")
		if end < 0 {
			end = len(after)
		}
		rest = after
		at := strings.LastIndexByte(after[:end], '@')
		if at < 0 {
			continue
		}
		if user, _, has := strings.Cut(after[:at], ":"); has {
			out.WriteString(user + ":" + redacted)
			rest = after[at:]
		}
	}
	if out.Len() == 0 {
		return text
	}
	out.WriteString(rest)
	return out.String()
}
