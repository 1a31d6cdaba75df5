//go:build !unix

package main

import "time"

var began = time.Now()

// cpuTime is the time that went by, where there is no better.
func cpuTime() time.Duration { return time.Since(began) }
