package statsd

// A reason is why something was rejected.
type reason uint8

const (
	taken reason = iota // it was not
	badLine
	badValue
	badType
	badRate
	badField
	badTag
	badTimestamp
	badEncoding
	badEvent
	badCheck
	negative
	conflict
	late
	tooLong
	truncated
	unfinished
	seriesFull
	setFull
	reasons // how many there are
)

// Their names are the values of the label reason.
var reasonNames = [reasons]string{
	badLine:      "malformed_line",
	badValue:     "malformed_value",
	badType:      "unknown_type",
	badRate:      "malformed_rate",
	badField:     "unknown_field",
	badTag:       "malformed_tag",
	badTimestamp: "malformed_timestamp",
	badEncoding:  "invalid_utf8",
	badEvent:     "malformed_event",
	badCheck:     "malformed_service_check",
	negative:     "negative_counter",
	conflict:     "type_conflict",
	late:         "late",
	tooLong:      "line_too_long",
	truncated:    "truncated",
	unfinished:   "unfinished_line",
	seriesFull:   "series_limit",
	setFull:      "set_limit",
}
