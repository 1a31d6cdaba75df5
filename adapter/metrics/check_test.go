package metrics

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// check is a strict reader of the text format 0.0.4 as this package writes it. It
// returns the values by series.
func check(text string) (map[string]float64, error) {
	c := formatReader{values: map[string]float64{}}
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8")
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		return nil, errors.New("no line end at the end")
	}
	for line := range strings.Lines(text) {
		if err := c.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("%w: %q", err, line)
		}
	}
	if !c.sampled && c.family != "" {
		return nil, fmt.Errorf("family %q has no series", c.family)
	}
	return c.values, nil
}

type formatReader struct {
	values  map[string]float64
	family  string // in hand: names only grow, so none comes twice
	typed   string // its type, empty before the TYPE line
	sampled bool   // it has series
	last    string // series of it: they only grow too
}

const (
	nameForm  = `[a-zA-Z_:][a-zA-Z0-9_:]*`
	labelForm = `[a-zA-Z_][a-zA-Z0-9_]*="(?:[^\\"]|\\\\|\\"|\\n)*"`
)

var (
	helpLine   = regexp.MustCompile(`^# HELP (` + nameForm + `) (?:[^\\]|\\\\|\\n)*$`)
	typeLine   = regexp.MustCompile(`^# TYPE (` + nameForm + `) (counter|gauge)$`)
	sampleLine = regexp.MustCompile(`^((` + nameForm + `)(?:\{(` + labelForm + `(?:,` + labelForm + `)*)\})? )(\S+)$`)
	oneLabel   = regexp.MustCompile(labelForm)
)

func (c *formatReader) line(line string) error {
	if m := helpLine.FindStringSubmatch(line); m != nil {
		return c.begin(m[1])
	}
	if m := typeLine.FindStringSubmatch(line); m != nil {
		if m[1] != c.family || c.typed != "" {
			if err := c.begin(m[1]); err != nil {
				return err
			}
		}
		c.typed = m[2]
		if c.typed == "counter" && !strings.HasSuffix("_"+m[1], "_total") {
			return errors.New("counter without _total")
		}
		return nil
	}
	m := sampleLine.FindStringSubmatch(line)
	if m == nil {
		return errors.New("no line of the format")
	}
	return c.sample(m[1], m[2], m[3], m[4])
}

func (c *formatReader) begin(family string) error {
	if c.family != "" && !c.sampled {
		return fmt.Errorf("family %q has no series", c.family)
	}
	if family <= c.family {
		return errors.New("family twice or out of order")
	}
	c.family, c.typed, c.sampled, c.last = family, "", false, ""
	return nil
}

func (c *formatReader) sample(series, name, labels, value string) error {
	if name != c.family || c.typed == "" {
		return errors.New("series outside its family or before its TYPE")
	}
	if order := name + " " + labels; order <= c.last {
		return errors.New("series twice or out of order")
	}
	key := ""
	for _, label := range oneLabel.FindAllString(labels, -1) {
		next, _, _ := strings.Cut(label, "=")
		if next <= key || strings.HasPrefix(next, "__") {
			return errors.New("label twice, out of order or reserved")
		}
		key = next
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return err
	}
	c.values[strings.TrimSuffix(series, " ")], c.last, c.sampled = v, name+" "+labels, true
	return nil
}

func TestCheckerIsStrict(t *testing.T) {
	const head = "# HELP a_total A \\\\ and \\n.\n# TYPE a_total counter\n"
	values, err := check(head + "a_total 1\na_total{l=\"\\\\ \\\" \\n\",m=\"}\"} +Inf\n# TYPE b gauge\nb NaN\n")
	require.NoError(t, err)
	require.Len(t, values, 3)
	for text, want := range map[string]string{
		head + "a_total 1":                           "no line end",
		head + "a_total 1\xff\n":                     "UTF-8",
		head + "a_total 1\na_total 2\n":              "series twice",
		head + "a_total{b=\"1\"} 1\na_total 2\n":     "out of order",
		head + "a_total{b=\"1\",b=\"2\"} 1\n":        "label twice",
		head + "a_total{__b=\"1\"} 1\n":              "reserved",
		head + "a_total{b=\"\\\"} 1\n":               "no line of the format",
		head + "a_total{b=\"\\t\"} 1\n":              "no line of the format",
		head + "a_total{b=\"1\",} 1\n":               "no line of the format",
		head + "a_total{} 1\n":                       "no line of the format",
		head + "a_total  1\n":                        "no line of the format",
		head + "a_total 1 \n":                        "no line of the format",
		head + "a_total 1\n\n":                       "no line of the format",
		head + "a_total one\n":                       "invalid syntax",
		head + "b 1\n":                               "outside its family",
		head + "a_total 1\n" + head + "a_total 2\n":  "family twice",
		head + "# TYPE a_total counter\na_total 1\n": "no series",
		head:                                    "no series",
		"# HELP a A.\na 1\n":                    "before its TYPE",
		"# HELP a A\\t.\n# TYPE a gauge\na 1\n": "no line of the format",
		"a 1\n":                                 "outside its family",
		"# TYPE a counter\na 1\n":               "without _total",
		"# TYPE a untyped\na 1\n":               "no line of the format",
		"# TYPE b gauge\nb 1\n# TYPE a gauge\na 1\n":     "out of order",
		"# TYPE 1a gauge\n1a 1\n":                        "no line of the format",
		"# TYPE a gauge\n# HELP a A.\na 1\n":             "no series",
		"# TYPE a gauge\na 1\n# TYPE b gauge\na 2\n":     "outside its family",
		"# TYPE a gauge\na{l=\"1\"} 1\na{l=\"1\"} 1\n":   "series twice",
		"# TYPE a gauge\na{l-m=\"1\"} 1\n":               "no line of the format",
		"# TYPE a gauge\na{m=\"1\",l=\"1\"} 1\n":         "out of order",
		"# TYPE a gauge\na 1\n# TYPE b gauge\n":          "no series",
		"# TYPE a gauge\na 1\n# comment\n# TYPE b gauge": "no line end",
	} {
		_, err := check(text)
		require.ErrorContains(t, err, want, text)
	}
}
