package temporal

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// posixZone reads a POSIX TZ specification: a name, an offset whose positive sign is west, and perhaps a second name for summer time
// with its rules (those of New York where none are given).
func posixZone(spec string) (*Zone, bool) {
	name, rest, ok := posixName(spec)
	if !ok {
		return nil, false
	}
	west, rest, ok := posixOffset(rest)
	if !ok {
		return nil, false
	}
	if rest == "" {
		return fixedZone(spec, -west, name), true
	}
	if _, after, ok := posixName(rest); !ok || len(after) == len(rest) {
		return nil, false
	} else if after == "" || !strings.Contains(after, ",") {
		rest += ",M3.2.0,M11.1.0"
	}
	return posixSummer(spec, name, west, rest)
}

// posixName reads letters, or anything in angle brackets. An empty name is allowed before an offset.
func posixName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "<") {
		name, rest, ok = strings.Cut(s[1:], ">")
		return name, rest, ok
	}
	i := 0
	for i < len(s) && s[i] != ',' && s[i] != '+' && s[i] != '-' && !isDigit(s[i]) {
		if !isAlpha(s[i]) {
			return "", s, false
		}
		i++
	}
	return strings.ToUpper(s[:i]), s[i:], true
}

// posixOffset reads [+-]hh[:mm[:ss]] as seconds.
func posixOffset(s string) (seconds int, rest string, ok bool) {
	b := []byte(s)
	negative := len(b) > 0 && b[0] == '-'
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		b = b[1:]
	}
	unitSeconds := 3600
	for part := range 3 {
		v, after, over := readInt(b)
		limit := 59
		if part == 0 {
			limit = 167
		}
		if over || len(after) == len(b) || v > limit || v < 0 || !isDigit(b[0]) {
			return 0, s, false
		}
		seconds += v * unitSeconds
		unitSeconds /= 60
		b = after
		if len(b) == 0 || b[0] != ':' || part == 2 {
			break
		}
		b = b[1:]
	}
	if negative {
		seconds = -seconds
	}
	return seconds, string(b), true
}

// posixSummer lets package time interpret the rules: they are the footer of an otherwise empty zone file (RFC 8536).
func posixSummer(spec, name string, west int, rest string) (*Zone, bool) {
	tz := fmt.Sprintf("<%s>%s%s", name, posixClock(west), rest)
	data := zoneFile(nil, name, west, 0)
	data = zoneFile(data, name, west, 1)
	data = append(data, "\n"+tz+"\n"...)
	loc, err := time.LoadLocationFromTZData(spec, data)
	if err != nil {
		return nil, false
	}
	z := newZone(spec, loc, rulesStart)
	return z, !z.isFixed()
}

// zoneFile appends a version-2 block with one offset and, in the 64-bit block, one transition to it long ago: without any, package time
// would not look at the footer.
func zoneFile(dst []byte, name string, west, transitions int) []byte {
	const longAgo = -1 << 55
	dst = append(append(dst, "TZif2"...), make([]byte, 15)...)
	for _, count := range []int{0, 0, 0, transitions, 1, len(name) + 1} {
		dst = binary.BigEndian.AppendUint32(dst, uint32(count)) //nolint:gosec // small
	}
	for range transitions {
		dst = binary.BigEndian.AppendUint64(dst, 1<<64+longAgo) // two's complement
		dst = append(dst, 0)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(-west)) //nolint:gosec // two's complement is the format's
	dst = append(dst, 0, 0)
	return append(append(dst, name...), 0)
}

func posixClock(seconds int) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	return fmt.Sprintf("%s%d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
}

// offsetName is the abbreviation of a zone that is only an offset: +03, -03:30.
func offsetName(east int) string {
	return string(appendOffset(nil, east))
}
