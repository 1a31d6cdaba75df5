//go:build !linux

// Command statsd needs Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "needs Linux")
	os.Exit(1)
}
