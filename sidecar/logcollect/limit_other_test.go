//go:build unix && !linux

package logcollect

import "errors"

func limitFiles() error { return errors.ErrUnsupported }
