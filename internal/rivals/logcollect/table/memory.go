package main

import (
	"fmt"
	"os"
	"strings"
)

// memory is a line of Linux' /proc/self/status, in bytes; elsewhere 0.
func memory(name string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), name+":")
	var kib int64
	fmt.Sscan(rest, &kib)
	return kib << 10
}
