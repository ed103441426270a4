//go:build !linux

package vfs

// renameNoReplace uses link(2), which every Unix has.
func renameNoReplace(oldName, newName string) error {
	return linkThenRemove(oldName, newName)
}
