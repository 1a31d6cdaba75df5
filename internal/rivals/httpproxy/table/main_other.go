//go:build !linux

// Command table measures proxies of layer 7 beside each other, on Linux.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "it needs Linux")
	os.Exit(1)
}
