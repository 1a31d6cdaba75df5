package statsd

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

func seeds(f *testing.F) {
	for _, s := range []string{
		"", "a:1|c", "a:1:2:3|ms|@0.1|#k:v,flag|c:id|T1656581400", "a:1|c:2|g|@0.5:3|h", "g:+1|g\ng:-1|g", "s:a:b|s\n\r\nx:1|d",
		"_e{5,4}:title|text|t:error|#a:b", "_sc|a|0|m:x|y", "a,k=v:1|c", "a[k=v]b:1|c", "a#k=v:1|c", "a;k=v:1|c", "a:NaN|c", "a:1|c|@1e-9",
		"a:1e308|h|@0.1", "a:\xff|s", "statsd.series:1|g", strings.Repeat("a:1|c\n", 40), "a:0x1p-2|g", "a:1_0|c", "_e{1,1}:", ":|", "a:1|c|e:x|card:y",
	} {
		f.Add([]byte(s))
	}
}

// Whatever comes, nothing that is not finite is exported, labels and names are
// valid, and taking the same again, when all is known, does the same.
func FuzzTake(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, lines []byte) {
		for _, o := range []Observation{Histogram, Exponential, Summary} {
			s := taking(t, &Source{TagStyles: allStyles - 1, ContainerLabel: "container", Observer: Observer{Kind: o}})
			now := time.Now().UnixNano()
			s.table.take(lines, now)
			once := s.table.count
			checkFinite(t, s)
			s.table.take(lines, now)
			checkFinite(t, s)
			if once.rejected[late] == 0 && once.rejected[conflict] == 0 && s.table.count.rejected[late] == 0 {
				for i, n := range once.samples {
					require.Equal(t, 2*n, s.table.count.samples[i])
				}
				for i, n := range once.rejected {
					require.Equal(t, 2*n, s.table.count.rejected[i], reasonNames[i])
				}
			}
			var out bytes.Buffer
			require.NoError(t, metrics.Text.Write(&out, collected(t, s)))
		}
	})
}

func checkFinite(t *testing.T, s *Source) {
	finite := func(v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%v was taken", v)
		}
	}
	for _, f := range collected(t, s).Families() {
		for _, p := range f.Points {
			finite(p.Value.Float())
			switch {
			case p.Buckets != nil:
				finite(p.Buckets.Sum)
				var n uint64
				for _, c := range p.Buckets.Counts {
					n += c
				}
				require.Equal(t, n, p.Buckets.Count)
			case p.Exp != nil:
				finite(p.Exp.Sum)
			case p.Quantiles != nil:
				finite(p.Quantiles.Sum)
				for _, q := range p.Quantiles.Quantiles {
					finite(q.Value)
				}
			}
			seen := map[string]bool{}
			for _, l := range p.Labels.All() {
				name := metrics.LabelName(l.Name)
				if seen[name] {
					t.Fatalf("label %s twice: %s", name, p.Labels.Text())
				}
				seen[name] = true
			}
		}
	}
}

// Several values in one sample are as many samples of one.
func FuzzPacked(f *testing.F) {
	f.Add("a", "1:2:3", "c|@0.1|#k:v")
	f.Add("a.b", "1:x::-1:+2:1e400", "g")
	f.Add("a,k=v", "1.5:2", "ms|@0.3|c:x|T12")
	f.Add("a", "1:2", "h:3|d")
	f.Fuzz(func(t *testing.T, name, values, tail string) {
		if strings.ContainsAny(name+values+tail, "\r\n") || strings.ContainsAny(name, ":|") || strings.ContainsAny(values, "|") || name == "" || name[0] == '_' {
			return
		}
		first, _, _ := strings.Cut(tail, "|")
		if first == "s" || strings.HasPrefix(first, "s:") || len(name)+len(values)+len(tail) > 1000 {
			return
		}
		packed, single := taking(t, &Source{TagStyles: Influx}), taking(t, &Source{TagStyles: Influx})
		now := time.Now().UnixNano()
		packed.table.take([]byte(name+":"+values+"|"+tail), now)
		if packed.table.count.rejected[badValue]+packed.table.count.rejected[negative] > 0 && packed.table.series == 0 || strings.Contains(first, ":") || strings.Contains(tail, "@") && strings.Contains(tail[strings.Index(tail, "@"):], ":") {
			return
		}
		for value := range strings.SplitSeq(values, ":") {
			single.table.take([]byte(name+":"+value+"|"+tail), now)
		}
		require.Equal(t, single.table.count.samples, packed.table.count.samples)
		if len(packed.table.order) > 0 {
			require.Equal(t, text(t, single), text(t, packed))
		}
	})
}

// number takes what strconv takes, and the same of it, but for what is no decimal
// number.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"", "1", "-1", "+1.5", ".", ".5", "5.", "123456789012345", "1234567890123456", "0.1", "0.000000000000001", "1e5", "1e400", "NaN", "0x1", "1_0", "--1", "1.2.3", "-0", "99999999999999.9", "-.e1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := number([]byte(text))
		want, err := strconv.ParseFloat(text, 64)
		decimal := !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789.+-eE", r) })
		require.Equal(t, err == nil && decimal && len(text) <= maxNumber, ok, "%q", text)
		if ok {
			require.Equal(t, math.Float64bits(want), math.Float64bits(got), "%q", text)
		}
	})
}

func FuzzRule(f *testing.F) {
	f.Add("shop.*.orders", "${1}_orders", "$1", "shop.x.orders")
	f.Add("*", "$$", "$2", "a")
	f.Fuzz(func(t *testing.T, match, name, label, called string) {
		p, err := (&Rule{Match: match, Name: name, Labels: map[string]string{"l": label}}).compile()
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		if parts, ok := p.match(called, opCounter); ok {
			require.Len(t, parts, 1+strings.Count("."+match+".", ".*.")+strings.Count(strings.ReplaceAll("."+match+".", ".*.", ".."), "*"))
			expand(name, parts)
		}
		taking(t, &Source{Rules: []Rule{{Match: match, Name: name, Labels: map[string]string{"l": label}}}}).takeNow(called + ":1|c")
	})
}
