package temporal

import (
	_ "embed"
	"strings"
	"sync"
	"time"

	"wire.example/wire/sdk/sqlstate"
)

// zoneNames lists the IANA names, one a line; package time finds them only by their exact spelling.
//
//go:embed zonenames.txt
var zoneNames string //nolint:gochecknoglobals // immutable table

// zoneCache keeps each zone that was asked for; at most one entry a line of zoneNames, so that a column of texts with zone names does
// not read the zone's data for every row.
var zoneCache sync.Map //nolint:gochecknoglobals // a memo of immutable values

func errZone(name string) error {
	return sqlstate.Errorf(sqlstate.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// LoadZone finds a zone for AT TIME ZONE and its like: an abbreviation (EST, a fixed offset), an IANA name in any case, or a POSIX
// specification, whose sign is positive west of Greenwich (UTC+3 and +03 are both three hours behind UTC, as in PostgreSQL).
func LoadZone(name string) (*Zone, error) {
	low := strings.ToLower(name)
	if a, ok := lookupAbbreviation([]byte(low)); ok {
		if a.zone != "" {
			return dynamicZone(a)
		}
		return fixedZone(strings.ToUpper(a.name), int(a.offset), strings.ToUpper(a.name)), nil
	}
	return zoneByName(name)
}

// LoadSessionZone finds a zone as SET TIME ZONE does: a number is hours east of Greenwich (+03 is ahead of UTC), and names come before
// abbreviations.
func LoadSessionZone(name string) (*Zone, error) {
	if hours, rest, ok := signedHours(name); ok && rest == "" {
		if hours > 167*3600 || hours < -167*3600 {
			return nil, errZone(name)
		}
		return fixedZone(name, hours, offsetName(hours)), nil
	}
	return zoneByName(name)
}

// signedHours reads a plain number of hours, perhaps with a fraction, as seconds.
func signedHours(s string) (seconds int, rest string, ok bool) {
	h, after, over := readInt([]byte(s))
	if over || len(after) == len(s) {
		return 0, s, false
	}
	part := 0.0
	if f, isFraction := fraction(after); isFraction {
		part, after = f*3600, nil
	}
	if strings.HasPrefix(s, "-") {
		part = -part
	}
	return h*3600 + int(part), string(after), h < 1000 && h > -1000
}

// zoneByName finds an IANA name or a POSIX specification.
func zoneByName(name string) (*Zone, error) {
	if exact, ok := ianaName(name); ok {
		if z, ok := zoneCache.Load(exact); ok {
			return z.(*Zone), nil //nolint:forcetypeassert // nothing else is stored
		}
		loc, err := time.LoadLocation(exact)
		if err != nil {
			return nil, errZone(name)
		}
		z, _ := zoneCache.LoadOrStore(exact, newZone(exact, loc, TimestampNegInfinity))
		return z.(*Zone), nil //nolint:forcetypeassert // nothing else is stored
	}
	if z, ok := posixZone(name); ok {
		return z, nil
	}
	return nil, errZone(name)
}

// dynamicZone is the zone behind an abbreviation whose meaning changed in history.
func dynamicZone(a abbreviation) (*Zone, error) {
	base, err := zoneByName(a.zone)
	if err != nil {
		return nil, err
	}
	z := *base
	z.name = strings.ToUpper(a.name)
	z.abbreviation = a.name
	return &z, nil
}

// ianaName finds the exact spelling of a zone's name. Linear over some ten kilobytes: names are resolved once a query, or once a row by
// texts that carry one.
func ianaName(name string) (exact string, ok bool) {
	if name == "" || strings.ContainsRune(name, '\n') {
		return "", false
	}
	for rest := zoneNames; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if equalFold(line, name) {
			return line, true
		}
	}
	return "", false
}

// equalFold compares ASCII letters without case.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
