package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// maxParallelism bounds the lanes of a source.
const maxParallelism = 256

// lanes is the value of --parallelism: 0 if it was not given.
type lanes int

func (l *lanes) String() string { return strconv.Itoa(int(*l)) }

// Type is what the help calls the value.
func (l *lanes) Type() string { return "int" }

// Set takes a number from 1 to maxParallelism.
func (l *lanes) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxParallelism {
		return fmt.Errorf("it is a number from 1 to %d; without it there are as many as the machine has cores", maxParallelism)
	}
	*l = lanes(n)
	return nil
}

// folder is the value of --state-dir: "" if it was not given.
type folder string

func (f *folder) String() string { return string(*f) }

// Type is what the help calls the value.
func (f *folder) Type() string { return "string" }

// Set takes any path but an empty one, which comes of a variable of the shell that is not set, and would stand for the default.
func (f *folder) Set(text string) error {
	if text == "" {
		return errors.New("it is the path of a directory, and empty; without it there is a directory beside the pipeline file")
	}
	*f = folder(text)
	return nil
}

// addParallelism adds --parallelism, which means what.
func addParallelism(flags *pflag.FlagSet, l *int, what string) {
	flags.Var((*lanes)(l), "parallelism", what+" (default: as many as the machine has cores)")
}

// addStateDir adds --state-dir, which means what.
func addStateDir(flags *pflag.FlagSet, dir *string, what string) {
	flags.Var((*folder)(dir), "state-dir", what)
}

// sqlFile returns the name of the pipeline that an SQL file has, and whether path is that of one: it ends in .sql, in letters of any case. Other pipeline files are YAML.
func sqlFile(path string) (name string, ok bool) {
	extension := filepath.Ext(path)
	return strings.TrimSuffix(filepath.Base(path), extension), strings.EqualFold(extension, ".sql")
}
