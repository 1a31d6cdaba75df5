package logcollect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/go-multierror"
)

// validate returns all that is wrong with c's fields.
func (c *Collector) validate(root *os.Root) error {
	wrong := &multierror.Error{ErrorFormat: oneLine}
	add := func(format string, args ...any) { wrong = multierror.Append(wrong, fmt.Errorf(format, args...)) }

	if root == nil {
		add("root: nil, so there are no files to follow")
	}
	if len(c.Include) == 0 {
		add("Include: empty, so there is nothing to follow")
	}
	for i, p := range c.Include {
		if err := checkPattern(p); err != nil {
			add("Include[%d]: %q %w", i, p, err)
		}
	}
	for i, p := range c.Exclude {
		if err := checkPattern(p); err != nil {
			add("Exclude[%d]: %q %w", i, p, err)
		}
	}
	if c.Sink == nil {
		add("Sink: nil, so there is nowhere to deliver to")
	} else if err := validateSink(c.Sink); err != nil {
		add("Sink: %w", err)
	}
	if p := c.checkpoint(); !fs.ValidPath(p) || p == "." {
		add("Checkpoint: %q is not a path below the root", p)
	} else if f, ok := c.Sink.(*File); ok && f != nil && f.Path == p {
		add("Checkpoint: %q is the file of the Sink too", p)
	}
	if c.PollInterval < 0 {
		add("PollInterval: %v is negative", c.PollInterval)
	}
	if c.MaxLineBytes < 0 {
		add("MaxLineBytes: %d is negative", c.MaxLineBytes)
	}
	if c.MaxLineBytes > maxMaxLineBytes {
		add("MaxLineBytes: %d is more than 1 GiB", c.MaxLineBytes)
	}
	if m := c.Multiline; m != nil {
		if m.Start == nil {
			add("Multiline.Start: nil, so no line would begin an event")
		}
		if m.Idle < 0 {
			add("Multiline.Idle: %v is negative", m.Idle)
		}
	}
	if c.MaxOpenFiles < 0 {
		add("MaxOpenFiles: %d is negative", c.MaxOpenFiles)
	}
	return wrong.ErrorOrNil()
}

// validateSink asks s what is wrong with its fields, if it can be asked.
func validateSink(s Sink) error {
	switch s := s.(type) {
	case interface{ validate() error }:
		return s.validate()
	case interface{ Validate() error }:
		return s.Validate()
	}
	return nil
}

func checkPattern(p string) error {
	switch {
	case p == "":
		return errors.New("is empty")
	case !fs.ValidPath(p):
		return errors.New("is not a path below the root: no / at an end, no empty element, no . and no ..")
	case !doublestar.ValidatePattern(p):
		return doublestar.ErrBadPattern
	}
	return nil
}

// oneLine keeps several errors on one line, as a log record wants them.
func oneLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}
