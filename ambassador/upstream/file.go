package upstream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/internal/files"
	"github.com/podpatterns/podpatterns/internal/hostport"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// File is a Source that follows a file. It is one of two kinds, told apart by the
// first character:
//
//	["10.0.0.7:5432", {"address": "db:5432", "weight": 2}]   an array of JSON, with the fields of Endpoint
//
//	10.0.0.7:5432      an address a line, and after it, if need be,
//	db:5432 2 1        the weight and the priority
//	# and comments
//
// A file that can't be read, or is wrong in any way, changes nothing: the last
// good set stays, and the error says what is wrong. So does a text without any
// address, as a file is that is being written; an empty set is [] in JSON. What a
// change has made of it is taken when two looks in a row have found the same, so
// that one written in place is not read half; to rename a new one over it is
// better. The first look is believed at once.
type File struct {
	Path     string        // relative: in the container's root; more than 4 MiB is an error
	Interval time.Duration // from look to look; 0: 1 s; negative: an error
}

var _ Source = File{}

// Validate returns what is wrong with the fields. The file is not looked at.
func (f File) Validate() error {
	var wrong faults
	if f.Path == "" {
		wrong.add("Path: empty, so there is no file to read")
	}
	wrong.duration("Interval", f.Interval)
	return wrong.err()
}

const fileLimit = 4 << 20

// Watch looks at the file until ctx is done.
func (f File) Watch(ctx context.Context, update func([]Endpoint, error)) error {
	look := time.NewTicker(cmp.Or(f.Interval, time.Second))
	defer look.Stop()
	var taken, last []byte
	for first := true; ; {
		now, err := files.Read(sandbox.Root(ctx), f.Path, fileLimit)
		switch {
		case err != nil:
			update(nil, fmt.Errorf("%s: %w", f.Path, err))
			taken, last = nil, nil
		case first || bytes.Equal(now, last) && (taken == nil || !bytes.Equal(now, taken)):
			first, taken = false, now
			set, err := parseFile(now)
			if err == nil {
				_, err = targets(set)
			}
			if err != nil {
				update(nil, fmt.Errorf("%s: %w", f.Path, err))
			} else {
				update(set, nil)
			}
			last = now
		default:
			last = now
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func parseFile(b []byte) ([]Endpoint, error) {
	if text := bytes.TrimLeft(b, " \t\r\n"); len(text) > 0 && (text[0] == '[' || text[0] == '{') {
		return parseJSON(text)
	}
	return parseText(string(b))
}

func parseJSON(b []byte) ([]Endpoint, error) {
	var all []json.RawMessage
	if err := decode(b, &all); err != nil {
		return nil, err
	}
	set := make([]Endpoint, len(all))
	for i, one := range all {
		var into any = &set[i]
		if one[0] == '"' {
			into = &set[i].Address
		}
		if err := decode(one, into); err != nil {
			return nil, fmt.Errorf("endpoint %d: %w", i+1, err)
		}
	}
	return set, nil
}

// decode wants one value with no field that nobody reads, and nothing after it.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("there is more after the end of the JSON value")
	}
	return nil
}

func parseText(text string) (set []Endpoint, err error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if len(words) > 3 {
			return nil, fmt.Errorf("line %d: %q is after the address, the weight and the priority", n, words[3])
		}
		e := Endpoint{Address: words[0]}
		for i, into := range []*int{&e.Weight, &e.Priority}[:len(words)-1] {
			if *into, err = strconv.Atoi(words[i+1]); err != nil || *into < 0 {
				return nil, fmt.Errorf("line %d: %q is no number", n, words[i+1])
			}
		}
		if len(words) > 1 && e.Weight == 0 {
			return nil, fmt.Errorf("line %d: the weight is 0, and the least is 1", n)
		}
		if _, err := hostport.Parse(e.Address); err != nil {
			return nil, fmt.Errorf("line %d: address %q %w", n, e.Address, err)
		}
		set = append(set, e)
	}
	if len(set) == 0 {
		return nil, errors.New("there is no address in it")
	}
	return set, nil
}
