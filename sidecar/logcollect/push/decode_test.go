package push

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A field is one of a protobuf message, read without a schema.
type field struct {
	number, as int
	value      uint64
	bytes      []byte
}

// must is cheaper than require, for what is asked of each field.
func must(t testing.TB, ok bool, message []byte) {
	if !ok {
		t.Helper()
		t.Fatalf("wrong: %.200q", message)
	}
}

func fields(t testing.TB, message []byte) (all []field) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		must(t, n > 0, message)
		message = message[n:]
		f := field{number: int(key >> 3), as: int(key & 7)}
		switch f.as {
		case 0:
			f.value, n = binary.Uvarint(message)
			must(t, n > 0, message)
		case 1:
			f.value, n = binary.LittleEndian.Uint64(message), 8
		case 2:
			var length uint64
			length, n = binary.Uvarint(message)
			must(t, n > 0, message)
			must(t, length <= uint64(len(message)-n), message)
			f.bytes = message[n : n+int(length)]
			n += int(length)
		default:
			t.Fatalf("type %d in %q", f.as, message)
		}
		message = message[n:]
		all = append(all, f)
	}
	return all
}

// only wants one field of that number, and no other.
func only(t testing.TB, message []byte, number int) []byte {
	all := fields(t, message)
	must(t, len(all) == 1 && all[0].number == number, message)
	return all[0].bytes
}

// decodeOTLP reads an ExportLogsServiceRequest. The stream of an entry is its
// attributes, those of the resource before a bar.
func decodeOTLP(t testing.TB) func(request) []entry {
	return func(r request) (all []entry) {
		var resource string
		for _, f := range fields(t, only(t, r.raw, 1)) {
			switch f.number {
			case 1:
				for _, a := range fields(t, f.bytes) {
					must(t, a.number == 1, f.bytes)
					resource += keyValue(t, a.bytes)
				}
			case 2:
				for i, f := range fields(t, f.bytes) {
					if i == 0 {
						must(t, f.number == 1 && string(only(t, f.bytes, 1)) == scope, f.bytes)
						continue
					}
					must(t, f.number == 2, f.bytes)
					e := logRecord(t, f.bytes)
					e.stream = resource + " |" + e.stream
					all = append(all, e)
				}
			default:
				t.Fatalf("field %d", f.number)
			}
		}
		return all
	}
}

func logRecord(t testing.TB, message []byte) (e entry) {
	seen := 0
	for _, f := range fields(t, message) {
		must(t, f.number >= seen, message)
		seen = f.number
		switch f.number {
		case 1:
			e.at = int64(f.value)
		case 5:
			body := fields(t, f.bytes)
			must(t, len(body) == 1, f.bytes)
			e.text = string(body[0].bytes)
			if body[0].number == 7 {
				e.stream += " bytes"
			} else {
				must(t, body[0].number == 1, f.bytes)
			}
		case 6:
			e.stream += keyValue(t, f.bytes)
		case 11:
			e.read = int64(f.value)
		default:
			t.Fatalf("field %d", f.number)
		}
	}
	return e
}

func keyValue(t testing.TB, message []byte) string {
	f := fields(t, message)
	must(t, len(f) == 2 && f[0].number == 1 && f[1].number == 2, message)
	return " " + string(f[0].bytes) + "=" + string(only(t, f[1].bytes, 1))
}

// decodeLoki reads a PushRequest in protobuf.
func decodeLoki(t testing.TB) func(request) []entry {
	return func(r request) (all []entry) {
		for _, s := range fields(t, r.raw) {
			must(t, s.number == 1, s.bytes)
			stream := ""
			for i, f := range fields(t, s.bytes) {
				if i == 0 {
					must(t, f.number == 1, f.bytes)
					stream = string(f.bytes)
					continue
				}
				must(t, f.number == 2, f.bytes)
				e := entry{stream: stream}
				for _, f := range fields(t, f.bytes) {
					switch f.number {
					case 1:
						for _, f := range fields(t, f.bytes) {
							e.at += int64(f.value) * map[int]int64{1: 1e9, 2: 1}[f.number]
						}
					case 2:
						e.text = string(f.bytes)
					case 3:
						pair := fields(t, f.bytes)
						e.stream += " " + string(pair[0].bytes) + "=" + string(pair[1].bytes)
					default:
						t.Fatalf("field %d", f.number)
					}
				}
				all = append(all, e)
			}
		}
		return all
	}
}

// decodeLokiJSON does as Loki: at and line are strings, and behind them may be
// an object of metadata.
func decodeLokiJSON(t testing.TB) func(request) []entry {
	return func(r request) (all []entry) {
		var push struct {
			Streams []struct {
				Stream map[string]string
				Values [][]json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal(r.raw, &push), "%s", r.raw)
		for _, s := range push.Streams {
			for _, v := range s.Values {
				var at, text string
				must(t, json.Unmarshal(v[0], &at) == nil, v[0])
				must(t, json.Unmarshal(v[1], &text) == nil, v[1])
				ns, err := strconv.ParseInt(at, 10, 64)
				must(t, err == nil, v[0])
				e := entry{stream: format(s.Stream), text: text, at: ns}
				if len(v) > 2 {
					var meta map[string]string
					must(t, json.Unmarshal(v[2], &meta) == nil, v[2])
					for _, k := range sorted(meta) {
						e.stream += " " + k + "=" + meta[k]
					}
				}
				all = append(all, e)
			}
		}
		return all
	}
}

// decodeNDJSON reads lines of objects with the default names.
func decodeNDJSON(t testing.TB) func(request) []entry {
	return func(r request) (all []entry) {
		for line := range bytes.Lines(r.raw) {
			var o struct{ Time, Path, Message *string }
			must(t, json.Unmarshal(line, &o) == nil && o.Time != nil && o.Path != nil && o.Message != nil, line)
			at, err := time.Parse(time.RFC3339Nano, *o.Time)
			must(t, err == nil, line)
			all = append(all, entry{stream: " path=" + *o.Path, text: *o.Message, at: at.UnixNano()})
		}
		return all
	}
}
