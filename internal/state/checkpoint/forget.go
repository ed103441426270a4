package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"wire.example/wire/internal/foundation/vfs"
)

// RemoveAll deletes a state directory with all that is in it. It refuses one whose pipeline runs (*HeldError), and one that holds other things. While
// somebody lives who was superseded his lock stays, and says so: no later owner has his generation, and he stays fenced.
func RemoveAll(ctx context.Context, options Options) error {
	return excluded(ctx, options, func(o *Options, owners *owners) error {
		names, err := ownNames(o)
		if err != nil {
			return err
		}
		if err := fenceLocks(o.FS, o.Dir, owners); err != nil {
			return err
		}
		// Manifests go from the oldest, and the lock goes last: what is left of half a removal is no other checkpoint, and nobody starts from it meanwhile.
		if err := removeNames(o, owners, names); err != nil {
			return err
		}
		if len(owners.held) > 0 {
			return nil
		}
		return vfs.RemoveAll(o.FS, o.Dir)
	})
}

// Forget deletes all checkpoints and all else in a state directory but a claim, without state, of each lineage: the next owner begins anew, goes on with the newest lineage and knows of the others, so that
// his sinks know what those before him have hidden. Where no manifest can be read it is RemoveAll. Errors are those of RemoveAll. It reports whether claims are left.
func Forget(ctx context.Context, options Options) (left bool, err error) {
	err = excluded(ctx, options, func(o *Options, owners *owners) error {
		names, err := ownNames(o)
		if err != nil {
			return err
		}
		target := NewDirectory(o.FS, o.Dir, 0)
		if err := target.Prepare(); err != nil {
			return err
		}
		entries, err := readEntries(ctx, target, nil)
		if err != nil {
			return err
		}
		claims := forgotten(o, entries, owners)
		if left = len(claims) > 0; !left {
			return nil
		}
		// From the first one on a claim is the newest: what is left of half a removal is no other checkpoint.
		if err := putClaims(ctx, target, claims); err != nil {
			return err
		}
		var old []string
		for _, e := range entries {
			old = append(old, manifestName(e.Number))
		}
		slices.Sort(old)
		if err := target.Delete(ctx, old...); err != nil {
			return err
		}
		return removeNames(o, owners, slices.DeleteFunc(names, func(e fs.DirEntry) bool { return e.Name()+"/" == manifestFolder }))
	})
	if err == nil && !left {
		err = RemoveAll(ctx, options)
	}
	return left, err
}

// putClaims stores claims, one after the other.
func putClaims(ctx context.Context, target *Directory, claims []*Manifest) error {
	for _, claim := range claims {
		data, err := claim.Encode()
		if err != nil {
			return err
		}
		if err := target.PutNew(ctx, manifestName(claim.Number), data); err != nil {
			return err
		}
	}
	return nil
}

// forgotten are the claims that Forget leaves, that of the newest lineage last; none: no manifest says what lineage there is.
func forgotten(o *Options, entries []Entry, owners *owners) []*Manifest {
	var claims []*Manifest
	for _, e := range newestFirst(entries) {
		if e.Err != nil || slices.ContainsFunc(claims, func(c *Manifest) bool { return c.Lineage == e.Manifest.Lineage }) {
			continue
		}
		claims = append(claims, &Manifest{
			Version: ManifestVersion, Kind: KindClaim, Pipeline: e.Manifest.Pipeline, Lineage: e.Manifest.Lineage, Generation: NextGeneration(entries, owners.seen),
			Used: LastEpoch(entries), Created: o.Clock.Now().UTC(), Owner: Holder{PID: o.PID, Host: o.Host, Started: o.Clock.Now().UTC()},
		})
	}
	slices.Reverse(claims)
	for i, claim := range claims {
		claim.Number = newestNumber(entries) + 1 + int64(i)
	}
	return claims
}

// ownNames lists a state directory, which must hold nothing else.
func ownNames(o *Options) ([]fs.DirEntry, error) {
	entries, err := o.FS.ReadDir(o.Dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !ours(e.Name()) {
			return nil, fmt.Errorf("%s is not only a state directory: it holds %s", o.Dir, e.Name())
		}
	}
	for folder, known := range map[string]func(string) bool{manifestFolder: isManifest, fileFolder: isStored} {
		names, err := o.FS.ReadDir(filepath.Join(o.Dir, filepath.FromSlash(folder)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range names {
			if !known(e.Name()) {
				return nil, fmt.Errorf("%s is not only a state directory: it holds %s", o.Dir, folder+e.Name())
			}
		}
	}
	return entries, nil
}

// removeNames removes what a state directory holds, in the order of names, but the lock of who looks and those of living owners. No file outlives the last manifest: see LostError.
func removeNames(o *Options, owners *owners, names []fs.DirEntry) error {
	for _, e := range names {
		path := filepath.Join(o.Dir, e.Name())
		var err error
		switch {
		case e.Name() == startLock || owners.isHeld(e.Name()):
		case e.IsDir():
			err = vfs.RemoveAll(o.FS, path)
			if err == nil && e.Name()+"/" == fileFolder {
				err = o.FS.SyncDir(o.Dir)
			}
		default:
			err = o.FS.Remove(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ours reports whether a name in a state directory is of this package's making.
func ours(name string) bool {
	switch name {
	case startLock, temporaryFolder, strings.TrimSuffix(manifestFolder, "/"), strings.TrimSuffix(fileFolder, "/"):
		return true
	}
	_, isLock := generationOf(name, lockPrefix)
	_, isLive := generationOf(name, livePrefix)
	_, isLook := lookProcess(name)
	return isLock || isLive || isLook || isRequest(name)
}
