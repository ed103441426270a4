package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strconv"
	"strings"
)

// coverage counts statements.
type coverage struct {
	statements int
	covered    int
}

// percent is 100 for an empty group: nothing is uncovered.
func (c coverage) percent() float64 {
	if c.statements == 0 {
		return 100
	}
	return 100 * float64(c.covered) / float64(c.statements)
}

func (c *coverage) add(other coverage) {
	c.statements += other.statements
	c.covered += other.covered
}

// block is one line of a profile: file:startLine.column,endLine.column statements count.
type block struct {
	position   string
	statements int
	ran        bool
}

// profile holds each block once, by its position, whatever the number of test binaries that reported it.
type profile map[string]block

// parseProfile reads the text format of go test -coverprofile. name appears in errors.
func parseProfile(name string, r io.Reader) (profile, error) {
	blocks := profile{}
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		if strings.HasPrefix(lines.Text(), "mode: ") {
			continue
		}
		b, err := parseBlock(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		b.ran = b.ran || blocks[b.position].ran
		blocks[b.position] = b
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("%s: the profile is empty; did the tests run?", name)
	}
	return blocks, nil
}

func parseBlock(line string) (block, error) {
	fields := strings.Fields(line)
	if len(fields) != 3 || !strings.Contains(fields[0], ".go:") {
		return block{}, fmt.Errorf("not a line of a coverage profile: %q", line)
	}
	statements, err1 := strconv.Atoi(fields[1])
	count, err2 := strconv.ParseUint(fields[2], 10, 64)
	if err := errors.Join(err1, err2); err != nil {
		return block{}, err
	}
	return block{position: fields[0], statements: statements, ran: count > 0}, nil
}

// files sums the blocks by file, leaving out every file for which skip is true.
func (p profile) files(skip func(file string) bool) map[string]coverage {
	sums := map[string]coverage{}
	for position, b := range p {
		file := position[:strings.LastIndexByte(position, ':')]
		one := coverage{statements: b.statements}
		if b.ran {
			one.covered = b.statements
		}
		sum := sums[file]
		sum.add(one)
		sums[file] = sum
	}
	maps.DeleteFunc(sums, func(file string, _ coverage) bool { return skip(file) })
	return sums
}

// byPackage sums files by their folders.
func byPackage(files map[string]coverage) map[string]coverage {
	sums := map[string]coverage{}
	for file, c := range files {
		sum := sums[packageOf(file)]
		sum.add(c)
		sums[packageOf(file)] = sum
	}
	return sums
}

// packageOf is the folder of a file.
func packageOf(file string) string { return path.Dir(file) }
