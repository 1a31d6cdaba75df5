package main

import "fmt"

func main() {
	fmt.Println("served=7 logged=7 collected=7")
}
