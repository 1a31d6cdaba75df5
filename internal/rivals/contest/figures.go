//go:build linux

package contest

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Direct is the name of what is no proxy at all.
const Direct = "direct"

// Figures are those of all rounds, by contender and then by name.
type Figures map[string]map[string][]float64

// Add notes one more value.
func (f Figures) Add(of, name string, value float64) {
	if f[of] == nil {
		f[of] = map[string][]float64{}
	}
	f[of][name] = append(f[of][name], value)
}

// Median is 0 where nothing was measured.
func (f Figures) Median(of, name string) float64 {
	list := slices.Sorted(slices.Values(f[of][name]))
	if len(list) == 0 {
		return 0
	}
	return (list[(len(list)-1)/2] + list[len(list)/2]) / 2
}

// Row is a line of a table.
type Row struct {
	Title  string  // what the line says it is
	Figure string  // its name in the Figures
	Format string  // of a number
	Factor float64 // it is multiplied with; 0: 1
	Ratio  bool    // that to no proxy at all is added
}

// Write writes a table in Markdown, without rows that nothing was measured for.
func (f Figures) Write(w io.Writer, contenders []string, rows []Row) {
	fmt.Fprint(w, "| |")
	for _, c := range contenders {
		fmt.Fprintf(w, " %s |", c)
	}
	fmt.Fprintf(w, "\n|---%s|\n", strings.Repeat("|---", len(contenders)))
	for _, r := range rows {
		if !slices.ContainsFunc(contenders, func(c string) bool { return len(f[c][r.Figure]) > 0 }) {
			continue
		}
		fmt.Fprintf(w, "| %s |", r.Title)
		for _, c := range contenders {
			fmt.Fprintf(w, " %s |", f.cell(c, r))
		}
		fmt.Fprintln(w)
	}
}

func (f Figures) cell(of string, r Row) string {
	value := f.Median(of, r.Figure)
	if len(f[of][r.Figure]) == 0 {
		return ""
	}
	factor := 1.0
	if r.Factor != 0 {
		factor = r.Factor
	}
	text := fmt.Sprintf(r.Format, value*factor)
	if none := f.Median(Direct, r.Figure); r.Ratio && of != Direct && none > 0 {
		text += fmt.Sprintf(" (%.2f×)", value/none)
	}
	return text
}
