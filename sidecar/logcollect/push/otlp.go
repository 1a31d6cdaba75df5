package push

import (
	"encoding/json"
	"net/http"
	"path"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/internal/protobuf"
)

// OTLP is OTLP/HTTP for logs with protobuf, of which each line is a log record.
//
// Its body is the line: a string or, if the line is not UTF-8, bytes, as the
// OpenTelemetry specification wants it. observed_time_unix_nano is the time of
// the reading, and time_unix_nano that which the line states, or 0. Requests are
// compressed by gzip by default.
//
// partial_success is honoured: records that the server rejects are gone, as OTLP
// has no second try for them; they are logged and counted in Stats as Rejected.
type OTLP struct {
	// Resource are the attributes of what the logs are of; service.name should be
	// among them. nil: none.
	Resource map[string]string

	// Attributes are attributes that each record has. nil: none.
	Attributes map[string]string

	// AttributesOf returns attributes that the records of one file have. They take
	// the place of those of the same name in Attributes. nil: none.
	AttributesOf func(path string) map[string]string

	// NoPath leaves out the attributes log.file.path and log.file.name, which are
	// the file's path and its last element.
	NoPath bool
}

// scope is the instrumentation scope of all records.
const scope = "github.com/podpatterns/podpatterns/sidecar/logcollect"

// The numbers of the fields in opentelemetry/proto.
const (
	otlpResourceLogs = 1
	otlpResource     = 1
	otlpScopeLogs    = 2
	otlpScope        = 1
	otlpLogRecords   = 2
	otlpTime         = 1
	otlpBody         = 5
	otlpAttributes   = 6
	otlpObserved     = 11

	otlpKey   = 1 // of KeyValue
	otlpValue = 2

	otlpString = 1 // of AnyValue
	otlpBytes  = 7

	otlpPartial  = 1 // of ExportLogsServiceResponse
	otlpRejected = 1
	otlpMessage  = 2 // of ExportLogsPartialSuccess, and of google.rpc.Status
)

func (o OTLP) validate(add func(string, ...any)) {
	check := func(field string, m map[string]string) {
		for _, k := range sorted(m) {
			if k == "" {
				add("OTLP.%s: %q is no name for an attribute", field, k)
			} else if !utf8.ValidString(k) || !utf8.ValidString(m[k]) {
				add("OTLP.%s: %q: %q is not UTF-8", field, k, m[k])
			}
		}
	}
	check("Resource", o.Resource)
	check("Attributes", o.Attributes)
}

func (OTLP) compressions() []Compression { return []Compression{Gzip, Zstd, None} }

func (o OTLP) encoder() encoder {
	e := &otlp{form: o, memo: memo[[]byte]{}}
	e.resource = protobuf.AppendField(nil, otlpResource, attributes(nil, 1, o.Resource))
	e.scope = protobuf.AppendField(nil, otlpScope, protobuf.AppendField(nil, 1, scope))
	return e
}

type otlp struct {
	form     OTLP
	resource []byte // the field, and the scope's
	scope    []byte
	memo     memo[[]byte]

	file []byte // the attributes of the current one
}

func (*otlp) headers(h http.Header) { h.Set("Content-Type", "application/x-protobuf") }

func (*otlp) open(b []byte) []byte { return b }

func (e *otlp) head(b []byte, path string) []byte {
	e.file = e.memo.of(path, e.attributes)
	return b
}

func (e *otlp) attributes(file string) []byte {
	all := merge(e.form.Attributes, e.form.AttributesOf, file)
	if !e.form.NoPath {
		all["log.file.path"], all["log.file.name"] = file, path.Base(file)
	}
	return attributes(nil, otlpAttributes, all)
}

// attributes appends a KeyValue of each element of m.
func attributes(b []byte, field byte, m map[string]string) []byte {
	for _, k := range sorted(m) {
		begin := len(b)
		b = protobuf.AppendField(b, otlpKey, valid(k))
		b = protobuf.AppendField(b, otlpValue, protobuf.AppendField(nil, otlpString, valid(m[k])))
		b = protobuf.Wrap(b, begin, field)
	}
	return b
}

func (e *otlp) line(b []byte, r record) []byte {
	body := protobuf.SizeField(len(r.text))
	size := protobuf.SizeField(body) + len(e.file) + 9
	if r.time != 0 {
		size += 9
	}
	b = protobuf.AppendLength(b, otlpLogRecords, size)
	if r.time != 0 {
		b = protobuf.AppendFixed64(b, otlpTime, r.time)
	}
	b = protobuf.AppendLength(b, otlpBody, body)
	if utf8.Valid(r.text) {
		b = protobuf.AppendField(b, otlpString, r.text)
	} else {
		b = protobuf.AppendField(b, otlpBytes, r.text)
	}
	b = append(b, e.file...)
	return protobuf.AppendFixed64(b, otlpObserved, r.read)
}

func (*otlp) undo() {}

func (*otlp) foot(b []byte, _ int) []byte { return b }

// close puts the records into their scope and resource.
func (e *otlp) close(b []byte) []byte {
	scoped := len(e.scope) + len(b)
	header := make([]byte, 0, e.rest())
	header = protobuf.AppendLength(header, otlpResourceLogs, len(e.resource)+protobuf.SizeField(scoped))
	header = append(header, e.resource...)
	header = protobuf.AppendLength(header, otlpScopeLogs, scoped)
	header = append(header, e.scope...)
	return protobuf.Insert(b, 0, header)
}

func (e *otlp) rest() int { return len(e.resource) + len(e.scope) + 2*(1+5) }

func (*otlp) taken(answer []byte) (int64, string) {
	if len(answer) > 0 && answer[0] == '{' { // no message begins so
		return takenJSON(answer)
	}
	_, partial := protobuf.Lookup(answer, otlpPartial)
	rejected, _ := protobuf.Lookup(partial, otlpRejected)
	_, message := protobuf.Lookup(partial, otlpMessage)
	return int64(rejected), string(message)
}

// takenJSON reads the answer of a server that has no protobuf for it.
func takenJSON(answer []byte) (int64, string) {
	var a struct {
		PartialSuccess struct {
			RejectedLogRecords json.Number
			ErrorMessage       string
		}
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return 0, "its answer can't be read: " + err.Error()
	}
	rejected, _ := a.PartialSuccess.RejectedLogRecords.Int64()
	return rejected, a.PartialSuccess.ErrorMessage
}

func (*otlp) reason(answer []byte) string {
	if _, message := protobuf.Lookup(answer, otlpMessage); len(message) > 0 {
		return string(message)
	}
	return string(answer)
}
