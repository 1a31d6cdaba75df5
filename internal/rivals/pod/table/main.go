// Command table measures the supervisors beside each other, watches what they do
// when something goes wrong, and prints both as tables in Markdown.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

func main() {
	if child(os.Args[1:]) {
		return
	}
	if err := writeTables(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeTables() error {
	if err := writeStartStop(os.Stdout); err != nil {
		return err
	}
	fmt.Println()
	if err := writeBehaviour(os.Stdout); err != nil {
		return err
	}
	fmt.Printf("\nEach has %v to stop; what has not returned %v after the stop never returns.\n", grace, limit)
	fmt.Printf("\n%s, %s/%s, %d CPUs; %s.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		strings.Join(versions(), ", "))
	return nil
}

func versions() (list []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, module := range info.Deps {
		if slices.ContainsFunc(contenders, func(c contender) bool { return c.module == module.Path }) {
			list = append(list, module.Path+" "+module.Version)
		}
	}
	return list
}
