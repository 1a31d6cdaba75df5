// Package tcpproxy puts the proxy of layer 4 beside its peers. This measures them
// all in turn, each in a process of its own, and prints a table in Markdown in some
// minutes; with -short a smaller one in some seconds:
//
//	go run ./tcpproxy/table
//
// It needs Linux, and takes HAProxy and nginx, with its stream module, where they
// are installed. As root it also measures the proxies as a user who is not.
package tcpproxy
