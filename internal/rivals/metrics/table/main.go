// Command table measures what handles metrics beside each other, and prints tables
// in Markdown: medians of interleaved rounds, and ratios to the floor of each.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// groups are the tables. Each has a file of its own.
var groups = []group{
	{"render", "100,000 series to text", renderers},
	{"read", "text of 100,000 samples, read", readers},
	{"json", "1 MB of JSON in a file to 14,000 points", selectors},
	{"redis", "a server's INFO, over a kept connection", redises},
}

// A plan is how much is measured.
type plan struct {
	rounds int
	each   time.Duration // that a contender runs in a round, at least once
	size   int           // by which the inputs are made smaller; 1: not
}

var (
	whole = plan{rounds: 7, each: 400 * time.Millisecond, size: 1}
	short = plan{rounds: 1, each: time.Millisecond, size: 50}
)

func main() {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	p := whole
	brief := flag.Bool("short", false, "one short round of small inputs")
	of := flag.String("of", "", "tables, with commas between: "+strings.Join(names, ", "))
	rounds := flag.Int("rounds", 0, "how many rounds; 0 is what is usual")
	flag.Parse()
	if *brief {
		p = short
	}
	if *rounds > 0 {
		p.rounds = *rounds
	}
	for _, g := range groups {
		if *of != "" && !slices.Contains(strings.Split(*of, ","), g.name) {
			continue
		}
		r, err := g.measure(p)
		if err != nil {
			fmt.Fprintln(os.Stderr, g.name+":", err)
			os.Exit(1)
		}
		r.write(os.Stdout)
	}
}
