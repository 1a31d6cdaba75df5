package prometheus

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

func text(input string, strict bool) (*metrics.Batch, error) {
	b := new(metrics.Batch)
	r := Reader{Strict: strict}
	return b, r.Text(strings.NewReader(input), b)
}

// What text becomes, and whether it is strictly right. Lines are parted by |.
func TestTextTakes(t *testing.T) {
	for _, c := range []struct {
		text, want string
		strict     bool
	}{
		{"a 1|", "# TYPE a untyped|a 1|", true},
		{"a 1 -1500|b 2 0|", "# TYPE a untyped|a 1 -1500|# TYPE b untyped|b 2 0|", true},
		{"# HELP a x \\n \\\\ \"y\"|# TYPE a counter|a 1e3|", "# HELP a x \\n \\\\ \"y\"|# TYPE a counter|a 1000|", true},
		{`a{b="\"\\\n",c="}"} 0x|`, "", false},
		{`a{c="}",b="\"\\\n",} NaN|`, `# TYPE a untyped|a{b="\"\\\n",c="}"} NaN|`, true},
		{`a{b=""} -Inf|`, `# TYPE a untyped|a -Inf|`, true},
		{"\t a\t{ b = \"c\" , } \t 1 \t2 |", `# TYPE a untyped|a{b="c"} 1 2|`, true},
		{`{"a.b","c.d"="e"} 1|# TYPE "x.y" gauge|{"x.y"} 2|`, `# TYPE a_b untyped|a_b{c_d="e"} 1|# TYPE x_y gauge|x_y 2|`, true},
		{"||# a remark|#|# HELP|# HELP a|# EOF|#TYPE b gauge|b 2|", "# TYPE b gauge|b 2|", false},
		{"# HELP a \xff|a 1|", "# HELP a \uFFFD|# TYPE a untyped|a 1|", false},
		{"# TYPE a Counter|a 1|", "# TYPE a counter|a 1|", false},
		{"# TYPE a unknown|a 1|", "# TYPE a untyped|a 1|", false},
		{"a 1|b 2|a{c=\"d\"} 3|", "# TYPE a untyped|a 1|a{c=\"d\"} 3|# TYPE b untyped|b 2|", false},
		{"a 1|a 2|", "# TYPE a untyped|a 1|a 2|", false},
		{"# TYPE a histogram|a_count 2|a_bucket{le=\"+Inf\"} 2|a_sum 3|a_bucket{le=\"0.1\"} 1|",
			"# TYPE a histogram|a_bucket{le=\"0.1\"} 1|a_bucket{le=\"+Inf\"} 2|a_sum 3|a_count 2|", true},
		{"# TYPE a histogram|a_bucket{le=\"1\"} 1|a_sum 3|", "# TYPE a histogram|a_bucket{le=\"1\"} 1|a_bucket{le=\"+Inf\"} 1|a_sum 3|a_count 1|", true},
		{"# TYPE a histogram|a 5|a_bucket 1|a_bucket{le=\"+Inf\"} 2|a_count 2|", "# TYPE a histogram|a_bucket{le=\"+Inf\"} 2|a_count 2|", false},
		{"# TYPE a histogram|a_bucket{le=\"1\"} 2|a_bucket{le=\"+Inf\"} 1|a_sum 0.5|a_count 1|", "# TYPE a untyped|# TYPE a_bucket untyped|a_bucket{le=\"1\"} 2|a_bucket{le=\"+Inf\"} 1|# TYPE a_sum untyped|a_sum 0.5|# TYPE a_count untyped|a_count 1|", false},
		{"# TYPE a summary|a{quantile=\"1\"} 2|a_count -1|", "# TYPE a untyped|a{quantile=\"1\"} 2|# TYPE a_count untyped|a_count -1|", false},
		{"# TYPE a summary|a{quantile=\"1\"} 2|a{quantile=\"0\"} 1|a_sum 3|a_count 2|", "# TYPE a summary|a{quantile=\"0\"} 1|a{quantile=\"1\"} 2|a_sum 3|a_count 2|", true},
		{"# TYPE a summary|a_count 2|# TYPE a_sum gauge|a_sum 7|", "# TYPE a summary|a_count 2|# TYPE a_sum gauge|a_sum 7|", true},
		{"# TYPE a_total gauge|a_total 1|a_created 2|", "# TYPE a_total gauge|a_total 1|# TYPE a_created untyped|a_created 2|", true},
		{"# TYPE a counter|", "# TYPE a counter|", true},
		{"", "", true},
	} {
		input := strings.ReplaceAll(c.text, "|", "\n")
		b, err := text(input, false)
		if c.want == "" && c.text != "" {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err, c.text)
		require.Equal(t, strings.ReplaceAll(c.want, "|", "\n"), written(t, metrics.Text, b), c.text)
		_, err = text(input, true)
		require.Equal(t, c.strict, err == nil, "%s: %v", c.text, err)
	}
}

func TestTextRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a 1", "line 1: the last line has no end, something is cut off"},
		{"a 1|b", "line 2: the last line has no end"},
		{"a|", "value"},
		{"a |", "no number"},
		{"a b|", "no number"},
		{"a 1 1.5|", "timestamp"},
		{"a 1 1 1|", "timestamp"},
		{"a 1_0|", "no number"},
		{"a 0x1p2|", "no number"},
		{"0a 1|", "no metric name"},
		{"a-b 1|", "no number"},
		{`{a="b"} 1|`, "no metric name"},
		{`a{b="c",,} 1|`, "no label name"},
		{`a{b="c" d="e"} 1|`, "without an end"},
		{`a{b} 1|`, "without a value"},
		{`a{b=c} 1|`, "no quotes"},
		{`a{b="c|d"} 1|`, "quotes without an end"},
		{`a{b="\t"} 1|`, `escape \t is none`},
		{`a{b="1",b="2"} 1|`, "twice"},
		{`a{__name__="x"} 1|`, "cannot be"},
		{"a{b=\"\xff\"} 1|", "not UTF-8"},
		{"# HELP a b|# HELP a c|", "second HELP"},
		{"# TYPE a gauge|# TYPE a gauge|", "behind another"},
		{"a 1|# TYPE a gauge|", "behind another or its samples"},
		{"# TYPE a gouge|", "is none"},
		{"# TYPE a gauge x|", "is none"},
		{"# TYPE a-b gauge|", "metric name"},
		{"# HELP a \\x|", "escape"},
		{"# HELP a \\|", `ends with \`},
		{"# TYPE a histogram|a_bucket{le=\"x\"} 1|", "no number"},
		{"# TYPE a summary|a{quantile=\"NaN\"} 1|", "no number"},
		{"\x00\x01\x02|", "no metric name"},
		{"<html>|", "no metric name"},
	} {
		_, err := text(strings.ReplaceAll(c.text, "|", "\n"), false)
		require.ErrorContains(t, err, c.want, c.text)
	}
}

// What is odd about a stream does not change what is read.
func TestStreamsOfAnyShape(t *testing.T) {
	input, _ := scrapeText(t, metrics.Text)
	input = input[:bytes.LastIndexByte(input[:300<<10], '\n')+1]
	want, err := text(string(input), false)
	require.NoError(t, err)
	for name, src := range map[string]io.Reader{
		"a byte at a time": iotest.OneByteReader(bytes.NewReader(input)),
		"halves":           iotest.HalfReader(bytes.NewReader(input)),
		"end with data":    iotest.DataErrReader(bytes.NewReader(input)),
		"random":           &jumpy{bytes.NewReader(input)},
	} {
		var r Reader
		var b metrics.Batch
		require.NoError(t, r.Text(src, &b), name)
		require.Equal(t, written(t, metrics.Text, want), written(t, metrics.Text, &b), name)
	}
	var r Reader
	broken := io.MultiReader(bytes.NewReader(input), iotest.ErrReader(errors.New("broken")))
	require.EqualError(t, r.Text(broken, new(metrics.Batch)), "broken")
	require.ErrorContains(t, r.Text(stuck{}, new(metrics.Batch)), "neither bytes nor an end")
	require.ErrorContains(t, (&Reader{MaxLine: -1}).Text(stuck{}, new(metrics.Batch)), "MaxLine: -1 is negative")
}

type jumpy struct{ r io.Reader }

func (j *jumpy) Read(p []byte) (int, error) { return j.r.Read(p[:min(len(p), rand.Intn(50))]) }

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestLongLines(t *testing.T) {
	r := Reader{MaxLine: 1000}
	long := "a{b=\"" + strings.Repeat("x", 950) + "\"} 1\n"
	require.NoError(t, r.Text(strings.NewReader("b 1\n"+long), new(metrics.Batch)))
	long = "a{b=\"" + strings.Repeat("x", 1000) + "\"} 1\n"
	require.EqualError(t, r.Text(strings.NewReader("b 1\n"+long), new(metrics.Batch)), "line 2 is longer than 1000 bytes")
	endless := io.MultiReader(strings.NewReader("# HELP a "), io.LimitReader(repeat('x'), 64<<20))
	var lenient Reader
	require.EqualError(t, lenient.Text(endless, new(metrics.Batch)), "line 1 is longer than 1048576 bytes")
	require.LessOrEqual(t, cap(lenient.lines.buf), 4<<20)
}

// repeat is an endless stream of one byte.
type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// What does not come any more is forgotten.
func TestSeriesThatComeAndGo(t *testing.T) {
	var r Reader
	var b metrics.Batch
	for i := range 20 {
		var input strings.Builder
		for j := range 1000 {
			input.WriteString("a{i=\"" + strings.Repeat("x", i) + "\",j=\"" + strings.Repeat("y", j%100) + "\",k=\"" + string(rune('a'+j/100)) + "\"} 1\n")
		}
		b.Reset()
		require.NoError(t, r.Text(strings.NewReader(input.String()), &b))
		require.Len(t, b.Families()[0].Points, 1000)
	}
	require.LessOrEqual(t, len(r.interned.series), 4000)
	require.LessOrEqual(t, len(r.interned.groups), 4000)
}

func TestKindsMayChange(t *testing.T) {
	var r Reader
	for range 2 {
		for _, c := range []string{
			"# TYPE a gauge\na{le=\"1\"} 1\n",
			"# TYPE a counter\na{le=\"1\"} 1\n",
			"# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 2\na_count 2\n",
			"# TYPE a_bucket gauge\na_bucket{le=\"+Inf\"} 2\na_bucket{le=\"1\"} 1\n",
			"# TYPE a_bucket untyped\na_bucket{le=\"1\"} 1\n",
			"# TYPE a summary\na_count 1\n",
			"# TYPE a_count untyped\na_count 1\n",
		} {
			var b metrics.Batch
			require.NoError(t, r.Text(strings.NewReader(c), &b))
			require.Equal(t, c, written(t, metrics.Text, &b))
		}
	}
}
