package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"
)

// ErrDamaged marks a manifest or a file whose bytes are not those that were written.
var ErrDamaged = errors.New("checkpoint is damaged")

// Holder is a process that owns, or owned, a state directory.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
}

// String is the holder in a message.
func (h Holder) String() string {
	if h.PID == 0 {
		return "an unknown process"
	}
	text := fmt.Sprintf("process %d", h.PID)
	if h.Host != "" {
		text += " on " + h.Host
	}
	if !h.Started.IsZero() {
		text += " since " + h.Started.UTC().Format(time.RFC3339)
	}
	return text
}

// AbsentError says that there is no checkpoint of an epoch that somebody named, whole or damaged.
type AbsentError struct {
	Dir   string
	Epoch int64
}

func (e *AbsentError) Error() string {
	return fmt.Sprintf("%s: there is no checkpoint of epoch %d; wire checkpoint list shows what there is", e.Dir, e.Epoch)
}

// HeldError says that another process runs the pipeline, or is about to.
type HeldError struct {
	Dir        string
	Holder     Holder
	Generation int64 // 0: he is only just starting, or removes checkpoints
}

func (e *HeldError) Error() string {
	if e.Generation == 0 {
		return fmt.Sprintf("%s: %s is just starting the pipeline, or removing checkpoints of it; try again, or take its place with --take-over", e.Dir, e.Holder)
	}
	return fmt.Sprintf("%s: the pipeline is run by %s; stop that, or take its place with --take-over", e.Dir, e.Holder)
}

// FencedError says that another owner has gone on with the pipeline: this one must stop, and must not commit anything more.
type FencedError struct {
	Generation int64 // of the fenced owner
	Epoch      int64 // that he wanted to publish, or published; 0: he was about to do something else
	Late       bool  // it was published when the other owner had one of a higher number, or just before: he may have gone on from it, or not
	Last       int64 // the last epoch that he published, or found; 0: none
	By         int64 // generation of the owner that has taken over; 0 if that is not known
	Holder     Holder
}

func (e *FencedError) Error() string {
	text := "another run has taken over the pipeline"
	switch {
	case e.Late:
		text = fmt.Sprintf("epoch %d came too late, and is not committed by this run: %s", e.Epoch, text)
	case e.Epoch != 0:
		text = fmt.Sprintf("epoch %d was not published: %s", e.Epoch, text)
	case e.Last != 0:
		text = fmt.Sprintf("epoch %d is the last that this run has: %s", e.Last, text)
	}
	if e.By != 0 {
		text += fmt.Sprintf(" (generation %d after %d, %s)", e.By, e.Generation, e.Holder)
	}
	return text
}

// DamagedError names a file of a checkpoint, or its manifest, that is not what was written, or that the system does not let read. It is ErrDamaged.
type DamagedError struct {
	Path    string // where the file is stored
	Missing bool
	Err     error // of the system, why it cannot be read; nil: it was read
	// What was expected and what was found.
	WantSize, GotSize int64
	WantSum, GotSum   Sum // if the sizes agree
}

func (e *DamagedError) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("%s: checkpoint cannot be read: %s", e.Path, e.Err)
	case e.Missing:
		return fmt.Sprintf("%s: %s: the file of %d bytes is gone", e.Path, ErrDamaged, e.WantSize)
	case e.WantSize != e.GotSize:
		return fmt.Sprintf("%s: %s: %d bytes, should be %d", e.Path, ErrDamaged, e.GotSize, e.WantSize)
	default:
		return fmt.Sprintf("%s: %s: checksum %s, should be %s", e.Path, ErrDamaged, e.GotSum, e.WantSum)
	}
}

// Is makes it ErrDamaged.
func (e *DamagedError) Is(target error) bool { return target == ErrDamaged }

func (e *DamagedError) Unwrap() error { return e.Err }

// refused is the *DamagedError of a file at path, of which err is all that reading it gave, if the system refuses it for what it is: it is a directory, may not be read, or the disk fails. Nil: the file may be whole, and somebody
// lacks something else, or was stopped.
func refused(path string, err error) error {
	var at *fs.PathError
	var number syscall.Errno
	if !errors.As(err, &at) || !errors.As(at.Err, &number) {
		return nil
	}
	switch number {
	case syscall.ENOENT, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EINTR, syscall.EAGAIN:
		return nil
	}
	return &DamagedError{Path: path, Err: at.Err}
}

// ManifestError says where the bytes of a manifest are wrong. It is ErrDamaged.
type ManifestError struct {
	Path   string // may be empty
	Offset int64  // in the file, of the first byte that is known to be wrong, or of the part that is
	Reason string
}

func (e *ManifestError) Error() string {
	text := fmt.Sprintf("%s at byte %d: %s", ErrDamaged, e.Offset, e.Reason)
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	return text
}

// Is makes it ErrDamaged.
func (e *ManifestError) Is(target error) bool { return target == ErrDamaged }

// LostError says that a state directory holds files of checkpoints and no manifest at all: a start publishes one before it stores files, and the newest is never deleted, so that somebody else did.
type LostError struct {
	Dir   string
	Files int
	Bytes int64
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s holds files of checkpoints (%d, %d bytes), and its folder %s no manifest that says what they are\n"+
		"Restore the manifests from a backup, or begin anew with --fresh, which writes everything again and removes the files.", e.Dir, e.Files, e.Bytes, strings.TrimSuffix(manifestFolder, "/"))
}

// UncertainError says that something was given a name, and that the name may not be durable. Whoever published so must start again.
type UncertainError struct {
	Name string
	Err  error
}

func (e *UncertainError) Error() string {
	return fmt.Sprintf("%s: it is unknown whether it is stored: %s", e.Name, e.Err)
}

func (e *UncertainError) Unwrap() error { return e.Err }

// UnusableError says that the newest checkpoint, or the one that somebody asked for, cannot be used, and what could be instead. Sinks may have committed its epoch, so that no older one
// is taken unless somebody accepts duplicates.
type UnusableError struct {
	Dir    string
	Asked  int64       // the epoch that was asked for; 0: the newest
	Err    error       // what is wrong with it
	Intact []*Manifest // others that are whole, newest first; of Recover, whose manifest is
	Done   bool        // the pipeline is finished, with nothing left to do
}

func (e *UnusableError) Error() string {
	what := "the newest checkpoint"
	if e.Asked != 0 {
		what = fmt.Sprintf("the checkpoint of epoch %d", e.Asked)
	}
	return fmt.Sprintf("%s in %s cannot be used: %s\n%s", what, e.Dir, e.Err, e.Ways())
}

// Ways says what can be done about it.
func (e *UnusableError) Ways() string {
	other, none := "an older", "No older one is whole. "
	if e.Asked != 0 {
		other, none = "another", "No other one is whole. "
	}
	switch {
	case e.Done && !e.restorable():
		return "The pipeline is finished, and older checkpoints of it are not kept. To write everything again begin anew with --fresh."
	case len(e.Intact) == 0:
		return none + e.orRestore("begin anew with --fresh, which writes everything again.")
	}
	var b strings.Builder
	b.WriteString(e.orRestore("go on from " + other + " checkpoint: what sinks were given since then they are given again."))
	for _, m := range e.Intact {
		fmt.Fprintf(&b, "\n  --accept-duplicates-since %d   checkpoint of %s", m.Epoch, m.Created.UTC().Format(time.RFC3339))
	}
	return b.String()
}

func (e *UnusableError) Unwrap() error { return e.Err }

// restorable reports whether there is a file that could be restored: an epoch that somebody asked for may be of no checkpoint at all.
func (e *UnusableError) restorable() bool { return e.Asked == 0 || errors.Is(e.Err, ErrDamaged) }

// orRestore is a sentence that says what can be done: that a file is restored, or way.
func (e *UnusableError) orRestore(way string) string {
	var damaged *DamagedError
	switch {
	case errors.As(e.Err, &damaged) && damaged.Err != nil:
		return "Make the file readable, restore it from a backup, or " + way
	case e.restorable():
		return "Restore the file from a backup, or " + way
	}
	return strings.ToUpper(way[:1]) + way[1:]
}
