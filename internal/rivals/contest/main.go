//go:build linux

package contest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// A Plan is how much is measured.
type Plan struct {
	Rounds int
	Each   time.Duration // a scenario of a contender in a round
	Idle   int           // connections for the memory of an idle one
	Only   []string      // names of contenders; empty: all
	Of     []string      // names of scenarios; empty: all
}

// Main is the program: it measures as its flags say, whole if they say nothing, and
// prints the table.
func (c *Contest) Main(whole, short Plan) {
	if c.Child(os.Args[1:]) {
		return
	}
	p := whole
	brief := flag.Bool("short", false, "one short round")
	only := flag.String("only", "", "names of contenders, with commas between")
	of := flag.String("of", "", "scenarios, with commas between: "+strings.Join(c.names(), ", "))
	rounds := flag.Int("rounds", 0, "how many rounds; 0 is what is usual")
	each := flag.Duration("each", 0, "how long each scenario runs; 0 is what is usual")
	flag.Parse()
	if *brief {
		p = short
	}
	if *only != "" {
		p.Only = strings.Split(*only, ",")
	}
	if *of != "" {
		p.Of = strings.Split(*of, ",")
	}
	if *rounds > 0 {
		p.Rounds = *rounds
	}
	if *each > 0 {
		p.Each = *each
	}
	RaiseLimit()
	all, missing := c.Find(p.Only)
	for _, name := range missing {
		fmt.Fprintln(os.Stderr, name+" is not installed, and left out")
	}
	r, err := c.Measure(p, all)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c.Write(os.Stdout, r)
}

const memory = "memory" // is no load

func (c *Contest) names() (list []string) {
	for _, s := range c.Scenarios {
		list = append(list, s.Name)
	}
	return append(list, memory)
}
