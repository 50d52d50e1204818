package main

// reading is what the page says below the table: how to take the figures.
const reading = `
## How to read this

- A rate above 1 and a time below 1 are better than what stands beside.
- B1 and B3 wait for the disk before anybody is answered; OpenBao's audit file is
  written and not flushed, and signing a certificate writes nothing else there.
  The row beside the limits says what this machine allows at all.
- B3 drives the append path of the decider: 300 bytes, the tree, a snapshot for
  each four entries, the signed head. Tessera runs with batches of 256 and an age
  of 5 ms, its answer being final when the tree with the entry is written.
- B4 works in memory. The parts of a full replay are every signature, one SHA-256
  and one JSON pass for each entry; the replay decides every entry again as well.
- B6 starts the programs as they are shipped.

` + "`make profile`" + ` takes CPU and allocation profiles of the benchmarks of each room;
` + "`go run ./internal/bench -only B1 -profile FILE`" + ` takes one of the server under B1.
`
