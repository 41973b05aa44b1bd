//! The files of the corpus: mutations of good images, one property at a time.

use crate::elf::{
    DATA, Elf, Header, PT_GNU_STACK, PT_LOAD, PT_NULL, PT_TLS, R, RODATA, RW, RX, TEXT,
};

const NOP: u32 = 0x13;

/// A file and the name by which its verdict is frozen.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) file: Vec<u8>,
}

/// All files, always in the same order.
pub(crate) fn cases() -> Vec<Case> {
    let mut corpus = Corpus(Vec::new());
    corpus.good();
    corpus.file_header();
    corpus.program_header_table();
    corpus.header_kinds();
    corpus.segment_fields();
    corpus.permissions();
    corpus.neighbours();
    corpus.entries();
    corpus.texts();
    corpus.memory();
    corpus.sizes();
    corpus.native();
    corpus.dense();
    corpus.named();
    corpus.truncations();
    corpus.unread();
    corpus.code();
    corpus.0
}

struct Corpus(Vec<Case>);

impl Corpus {
    fn file(&mut self, name: impl Into<String>, file: Vec<u8>) {
        let name = name.into();
        self.0.push(Case { name, file });
    }

    /// The good image after a change.
    fn case(&mut self, name: impl Into<String>, change: impl FnOnce(&mut Elf)) {
        self.from(Elf::good(), name, change);
    }

    fn from(&mut self, mut elf: Elf, name: impl Into<String>, change: impl FnOnce(&mut Elf)) {
        change(&mut elf);
        self.file(name, elf.build());
    }

    fn good(&mut self) {
        self.case("good", |_| ());
        self.from(Elf::compressed(), "good-compressed", |_| ());
        self.case("good-without-sections", |elf| {
            (elf.shoff, elf.shnum, elf.shentsize, elf.shstrndx) = (0, 0, 0, 0);
        });
        self.case("good-text-only", |elf| elf.headers.truncate(1));
        self.case("good-high", |elf| {
            for header in &mut elf.headers[..3] {
                header.vaddr += 0xc000_0000;
            }
            elf.entry += 0xc000_0000;
        });
        self.case("good-table-at-end", |elf| {
            elf.phoff = elf.body.len() as u32;
            elf.body.resize(elf.body.len() + 4 * 32, 0);
        });
    }

    fn file_header(&mut self) {
        for at in 0..16 {
            for value in [0, 1, 2, 3, 4, 64, 97, 0xff] {
                self.case(format!("ident-{at}-{value}"), |elf| elf.ident[at] = value);
            }
        }
        for value in [0, 1, 3, 4, 5, 0x200, 0xfe00, 0xff00, 0xffff] {
            self.case(format!("type-{value:#x}"), |elf| elf.e_type = value);
        }
        for value in [0, 3, 8, 40, 62, 183, 242, 244, 247, 258, 0xf300, 0xffff] {
            self.case(format!("machine-{value}"), |elf| elf.machine = value);
        }
        for value in [0, 2, 0x100, 0x0100_0000, u32::MAX] {
            self.case(format!("version-{value:#x}"), |elf| elf.version = value);
        }
        let bits = (5..32).map(|bit| 1 << bit);
        for flags in (0..32).chain(bits).chain([u32::MAX]) {
            self.case(format!("flags-{flags:#x}"), |elf| elf.flags = flags);
        }
        for value in [0, 1, 32, 51, 53, 64, 0xffff] {
            self.case(format!("ehsize-{value}"), |elf| elf.ehsize = value);
        }
    }

    fn program_header_table(&mut self) {
        for value in [0, 1, 16, 31, 33, 40, 56, 64, 0xffff] {
            self.case(format!("phentsize-{value}"), |elf| elf.phentsize = value);
        }
        for size in [0, 40] {
            self.case(format!("phnum-0-phentsize-{size}"), |elf| {
                (elf.phnum, elf.phentsize) = (Some(0), size);
            });
        }
        self.case("phnum-0-ehsize-0", |elf| (elf.phnum, elf.ehsize) = (Some(0), 0));
        for value in [0, 1, 2, 3, 5, 14, 15, 63, 64, 65, 0x100, 0xfffe, 0xffff] {
            self.case(format!("phnum-{value}"), |elf| elf.phnum = Some(value));
        }
        for count in [63, 64, 65, 0xffff] {
            self.case(format!("null-headers-{count}"), |elf| {
                elf.phoff = elf.body.len() as u32;
                elf.headers.resize(count, Header::default());
                elf.body.resize(elf.body.len() + 32 * count, 0);
            });
        }
        self.case("zero-headers-16-mib", |elf| {
            elf.phnum = Some(0xffff);
            elf.body.resize(16 << 20, 0);
        });
        self.case("zero-headers-all-read-16-mib", |elf| {
            elf.phoff = 0x1000;
            elf.headers.clear();
            elf.phnum = Some(64);
            elf.body.resize(16 << 20, 0);
        });
        let len = Elf::good().body.len() as u32;
        for offset in [
            0,
            1,
            51,
            53,
            54,
            56,
            len - 129,
            len - 128,
            len - 127,
            len - 32,
            len,
            len + 1,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ff80,
            0xffff_ffe0,
            u32::MAX,
        ] {
            self.case(format!("phoff-{offset:#x}"), |elf| elf.phoff = offset);
        }
        self.case("table-over-text", |elf| {
            elf.headers[TEXT].offset = 52;
        });
    }

    fn header_kinds(&mut self) {
        let kinds = [
            0,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            0x6000_0000,
            0x6474_e550,
            PT_GNU_STACK,
            0x6474_e552,
            0x6474_e553,
            0x6fff_fffa,
            0x7000_0000,
            0x7000_0001,
            0x7000_0003,
            0x7fff_ffff,
            0x8000_0000,
            u32::MAX,
        ];
        for kind in kinds {
            let empty = Header { kind, ..Header::default() };
            self.case(format!("kind-{kind:#x}-empty"), |elf| {
                elf.headers.push(empty);
            });
            let wild = Header {
                kind,
                offset: 0xffff_fff0,
                vaddr: 0xffff_fff0,
                paddr: 7,
                filesz: 0x7fff_ffff,
                memsz: u32::MAX,
                flags: u32::MAX,
                align: 3,
            };
            self.case(format!("kind-{kind:#x}-wild"), |elf| elf.headers.push(wild));
            self.case(format!("kind-{kind:#x}-first"), |elf| {
                elf.headers.insert(0, empty);
            });
            for (name, index) in PARTS {
                self.case(format!("kind-{kind:#x}-for-{name}"), |elf| {
                    elf.headers[index].kind = kind;
                });
            }
        }
        let tls = |offset, vaddr, filesz, memsz, flags| Header {
            kind: PT_TLS,
            ..Header::load(offset, vaddr, filesz, memsz, flags)
        };
        for (name, header) in [
            ("of-data", tls(0x160, 0x1_2160, 0x20, 0x20, R)),
            ("of-data-and-bss", tls(0x170, 0x1_2170, 0x10, 0x20, R)),
            ("of-bss", tls(0x180, 0x1_2180, 0, 4, RW)),
            ("of-text", tls(0x100, 0x1_0100, 0x40, 0x40, RX)),
            ("of-no-segment", tls(0x180, 0x2_0000, 8, 8, RW)),
            ("with-other-bytes", tls(0x140, 0x1_2160, 0x20, 0x20, R)),
        ] {
            self.case(format!("tls-{name}"), |elf| elf.headers.push(header));
            self.case(format!("tls-{name}-twice"), |elf| elf.headers.extend([header; 2]));
        }
        for flags in 0..8 {
            self.case(format!("gnu-stack-flags-{flags}"), |elf| {
                elf.headers[3].flags = flags;
            });
        }
        for size in [0x1000, 0x1_0001, u32::MAX] {
            self.case(format!("gnu-stack-size-{size:#x}"), |elf| {
                elf.headers[3].memsz = size;
            });
        }
    }

    fn segment_fields(&mut self) {
        type Field = (&'static str, fn(&mut Header) -> &mut u32);
        let fields: [Field; 6] = [
            ("offset", |h| &mut h.offset),
            ("vaddr", |h| &mut h.vaddr),
            ("paddr", |h| &mut h.paddr),
            ("filesz", |h| &mut h.filesz),
            ("memsz", |h| &mut h.memsz),
            ("align", |h| &mut h.align),
        ];
        let values = [
            0,
            1,
            2,
            3,
            4,
            0xfff,
            0x1000,
            0x1001,
            0x7fff_ffff,
            0x8000_0000,
            0xfffe_ffff,
            0xffff_0000,
            0xffff_f000,
            u32::MAX,
        ];
        for (part, index) in PARTS {
            for (field, get) in fields {
                for value in values {
                    self.case(format!("{part}-{field}-{value:#x}"), |elf| {
                        *get(&mut elf.headers[index]) = value;
                    });
                }
                for delta in [-1, 1] {
                    self.case(format!("{part}-{field}-by-{delta}"), |elf| {
                        let value = get(&mut elf.headers[index]);
                        *value = value.wrapping_add_signed(delta);
                    });
                }
            }
            let ends = [
                ("file-end", 0x1fe, 2, 0x1_5000, 2),
                ("file-end-plus-1", 0x1fe, 3, 0x1_5000, 3),
                ("file-wraps", 0xffff_fff0, 0x20, 0x1_5000, 0x20),
                ("file-wraps-to-0", 0xffff_fff0, 0x10, 0x1_5000, 0x10),
                ("bss-offset-past-end", 0x1000, 0, 0x1_5000, 0x20),
                ("bss-offset-max", u32::MAX, 0, 0x1_5000, 0x20),
                ("memory-wraps", 0x100, 0x10, 0xffff_fff0, 0x20),
                ("memory-wraps-to-0", 0x100, 0x10, 0xffff_fff0, 0x10),
                ("memory-4-gib", 0x100, 0x10, 0x1_5000, u32::MAX),
                ("memory-all", 0x100, 0x10, 0x1000, 0xfffe_f000),
                ("empty-wild", u32::MAX, 0, u32::MAX, 0),
                ("empty-with-bytes", 0x100, 4, 0x1_5000, 0),
            ];
            for (name, offset, filesz, vaddr, memsz) in ends {
                self.case(format!("{part}-{name}"), |elf| {
                    let flags = elf.headers[index].flags;
                    elf.headers[index] = Header::load(offset, vaddr, filesz, memsz, flags);
                });
            }
            for align in [0, 1, 2, 4, 16, 32, 0x100, 0x2000, 0x1_0000, 0x20_0000, 48] {
                self.case(format!("{part}-congruent-align-{align:#x}"), |elf| {
                    elf.headers[index].align = align;
                });
            }
        }
    }

    fn permissions(&mut self) {
        let high = [8, 0xc, 0x10_0004, 0x1000_0004, 0x8000_0005, u32::MAX];
        for (part, index) in PARTS {
            for flags in (0..8).chain(high) {
                self.case(format!("{part}-permissions-{flags:#x}"), |elf| {
                    elf.headers[index].flags = flags;
                });
            }
        }
        self.case("no-segment", |elf| {
            elf.headers.drain(..3);
        });
        self.case("no-text", |elf| {
            elf.headers.remove(TEXT);
        });
        self.case("two-texts", |elf| {
            elf.add(0x1_4000, &[0x13, 0, 0, 0], 4, RX);
        });
        self.case("two-texts-second-empty", |elf| {
            elf.add(0x1_4000, &[], 0, RX);
        });
        self.case("text-twice", |elf| elf.headers.push(elf.headers[TEXT]));
        self.case("all-in-one-writable-executable", |elf| {
            elf.headers.truncate(1);
            elf.headers[TEXT].flags = 7;
        });
    }

    /// Pairs of segments, near each other in every order and with every pair of permissions.
    fn neighbours(&mut self) {
        let places = [
            ("same", 0x1_5000, 0x1_5000),
            ("last-byte", 0x1_5000, 0x1_500f),
            ("adjacent", 0x1_5000, 0x1_5010),
            ("same-page", 0x1_5000, 0x1_5ff0),
            ("next-page", 0x1_5000, 0x1_6000),
            ("adjacent-pages", 0x1_5ff0, 0x1_6000),
            ("across-a-page", 0x1_5ff8, 0x1_6008),
            ("inside-across-a-page", 0x1_5ff8, 0x1_6000),
        ];
        for (name, first, second) in places {
            for (kind, a, b) in [("r-r", R, R), ("rw-rw", RW, RW), ("r-rw", R, RW), ("rw-r", RW, R)]
            {
                for is_swapped in [false, true] {
                    let order = if is_swapped { "-swapped" } else { "" };
                    self.case(format!("pair-{name}-{kind}{order}"), |elf| {
                        elf.add(first, &[1; 16], 16, a);
                        elf.add(second, &[2; 16], 16, b);
                        if is_swapped {
                            elf.headers.swap(4, 5);
                        }
                    });
                }
            }
        }
        for (name, vaddr, memsz, flags) in [
            ("rodata-on-text-page", 0x1_0200, 16, R),
            ("data-on-text-page", 0x1_0200, 16, RW),
            ("data-before-text-on-page", 0x1_0000, 16, RW),
            ("data-up-to-text-page", 0xf000, 0x1000, RW),
            ("data-up-to-text-page-plus-1", 0xf000, 0x1001, RW),
            ("data-around-all", 0xf000, 0x1_0000, RW),
            ("data-inside-text", 0x1_0110, 4, RW),
            ("rodata-inside-text", 0x1_0110, 4, R),
            ("bss-after-data", 0x1_2260, 0x40, RW),
            ("bss-over-end-of-data", 0x1_225f, 0x40, RW),
            ("bss-on-rodata-page", 0x1_1800, 0x40, RW),
        ] {
            self.case(name, |elf| elf.add(vaddr, &[], memsz, flags));
        }
        self.case("big-segment-hides-overlap", |elf| {
            elf.add(0x2_0000, &[], 0x1_0000, RW);
            elf.add(0x2_1000, &[], 0x1000, RW);
            elf.add(0x2_8000, &[], 0x1000, RW);
        });
        self.case("descending-order", |elf| elf.headers.reverse());
        for (name, step) in [("touching", 0x1000), ("sharing-pages", 0x800), ("overlapping", 0x7ff)]
        {
            self.case(format!("sixty-segments-{name}"), |elf| {
                elf.phoff = 0x200;
                elf.body.resize(0x200 + 64 * 32, 0);
                for index in 0..60 {
                    elf.add(0x2_0000 + index * step, &[], 0x800, RW);
                }
            });
        }
    }

    fn entries(&mut self) {
        for (profile, elf) in profiles() {
            for entry in [
                0,
                1,
                0x1000,
                0x1_0000,
                0x1_00fc,
                0x1_00fe,
                0x1_00ff,
                0x1_0100,
                0x1_0101,
                0x1_0102,
                0x1_0103,
                0x1_0104,
                0x1_0106,
                0x1_013c,
                0x1_013e,
                0x1_013f,
                0x1_0140,
                0x1_0142,
                0x1_0144,
                0x1_1140,
                0x1_2160,
                0x8001_0100,
                0xffff_0000,
                0xffff_fffc,
                u32::MAX,
            ] {
                self.from(elf.clone(), format!("entry-{profile}-{entry:#x}"), |elf| {
                    elf.entry = entry;
                });
            }
        }
    }

    fn texts(&mut self) {
        for (profile, elf) in profiles() {
            for len in 0..=9 {
                self.from(elf.clone(), format!("text-{profile}-of-{len}-bytes"), |elf| {
                    elf.text(0x1_0000, &[0x13; 9][..len]);
                });
                self.from(elf.clone(), format!("text-{profile}-end-minus-{len}"), |elf| {
                    elf.headers[TEXT].filesz -= len as u32;
                    elf.headers[TEXT].memsz -= len as u32;
                    elf.entry = 0x1_013c;
                });
            }
            for offset in 0..=4 {
                self.from(elf.clone(), format!("text-{profile}-at-plus-{offset}"), |elf| {
                    elf.text(0x1_0000 + offset, &[0x13; 16]);
                });
            }
            self.from(elf.clone(), format!("text-{profile}-with-bss"), |elf| {
                elf.headers[TEXT].memsz += 4;
            });
            self.from(elf.clone(), format!("text-{profile}-all-bss"), |elf| {
                elf.headers[TEXT].filesz = 0;
            });
            self.from(elf.clone(), format!("text-{profile}-from-offset-0"), |elf| {
                elf.headers[TEXT] = Header::load(0, 0x1_0000, 0x140, 0x140, RX);
            });
        }
    }

    /// Near page 0, the stack, its gap, and the limits of memory.
    fn memory(&mut self) {
        for (name, vaddr) in [
            ("page-0", 0),
            ("page-0-end", 0xff0),
            ("page-0-last-byte", 0xfff),
            ("page-1", 0x1000),
            ("top", 0xfffe_fff0),
            ("top-plus-1", 0xfffe_fff1),
            ("past-top", 0xffff_0000),
            ("last-page", 0xffff_f000),
            ("end-of-addresses", 0xffff_fff0),
        ] {
            self.case(format!("data-at-{name}"), |elf| {
                elf.add(vaddr, &[1; 16], 16, RW);
            });
            self.case(format!("text-at-{name}"), |elf| {
                elf.headers.truncate(1);
                elf.text(vaddr & !3, &[0x13; 16]);
            });
        }
        // Where the gap begins for contracts, and for bare programs.
        for gap in [0xfffd_0000_u32, 0xffee_0000] {
            for (name, delta) in [("to", 0), ("into", 1), ("page-into", 0x1000), ("before", -1)] {
                let end = gap.wrapping_add_signed(delta);
                self.case(format!("bss-{name}-gap-{gap:#x}"), |elf| {
                    elf.add(end - 0x800, &[], 0x800, RW);
                });
            }
            for vaddr in [gap - 0x1000, gap, gap + 0x1000, gap + 0x1_0000, 0xfffe_f000] {
                self.case(format!("bss-at-{vaddr:#x}-gap-{gap:#x}"), |elf| {
                    elf.add(vaddr, &[], 0x1000, RW);
                });
            }
        }
        // Pages left by the stack and the three pages of the good image.
        for (name, left) in [("contract", 256 - 16 - 3_u32), ("bare", 16384 - 256 - 3)] {
            for (delta, bytes) in [
                ("minus-page", (left - 1) * 4096),
                ("full", left * 4096),
                ("minus-1", left * 4096 - 1),
                ("plus-1", left * 4096 + 1),
                ("plus-page", (left + 1) * 4096),
                ("twice", left * 8192),
            ] {
                self.case(format!("bss-{name}-{delta}"), |elf| {
                    elf.add(0x10_0000, &[], bytes, RW);
                });
                self.case(format!("bss-{name}-{delta}-unaligned"), |elf| {
                    elf.add(0x10_0800, &[], bytes, RW);
                });
            }
        }
        // Full when the page that both touch counts once.
        for (name, left) in [("contract", 256 - 16 - 3_u32), ("bare", 16384 - 256 - 3)] {
            for parts in [2, 3] {
                self.case(format!("bss-{name}-full-in-{parts}-on-one-page"), |elf| {
                    let shared = 0x10_0000 + (left - 1) * 4096;
                    elf.add(0x10_0000, &[], (left - 1) * 4096 + 16, RW);
                    for part in 1..parts {
                        elf.add(shared + part * 16, &[], 16, RW);
                    }
                });
            }
        }
        self.case("bss-not-congruent", |elf| {
            elf.add(0x1_5008, &[], 0x20, RW);
            elf.headers[4].align = 0x1000;
        });
        for size in [64 << 20, 1 << 30, 2 << 30, 3_u32 << 30, 0xfff0_0000] {
            self.case(format!("bss-of-{size:#x}"), |elf| {
                elf.add(0x2_0000, &[], size, RW);
            });
        }
    }

    /// What text is taken to become: a multiple of 32 bytes, with the limit in between.
    fn native(&mut self) {
        for (name, word, bytes) in [
            ("div", 0x0200_4033_u32, 128),
            ("mulh", 0x0200_1033, 48),
            ("branch", 0x63, 128),
            ("jal", 0x6f, 112),
            ("jalr", 0x67, 128),
            ("ecall", 0x73, 96),
            ("amo", 0x2f | 0b010 << 12, 160),
        ] {
            // three that count 32 behind each, or the text would be too dense
            let most = (3 << 20) / (bytes + 96);
            for (than, count) in [("", most), ("-and-one-more", most + 1)] {
                self.case(format!("native-limit-{name}{than}"), |elf| {
                    // what is left over is for instructions that count 32
                    let rest = ((3 << 20) - most * (bytes + 96)) / 32;
                    let words = [[word, NOP, NOP, NOP].repeat(count), vec![NOP; rest]].concat();
                    let text: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
                    elf.text(0x10_0000, &text);
                });
            }
        }
    }

    /// Dense text, of which only little may be there.
    fn dense(&mut self) {
        for (name, branches, nops) in [
            ("", 4096, 0),
            ("-and-one-more", 4097, 0),
            ("-in-more-text", 4101, 1),
            ("-in-more-text-and-one-more", 4102, 1),
        ] {
            self.case(format!("native-density{name}"), |elf| {
                let words = [vec![0x63_u32; branches], vec![NOP; nops]].concat();
                let text: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
                elf.text(0x10_0000, &text);
            });
        }
    }

    /// Words that are addresses in text count too.
    fn named(&mut self) {
        for (name, word, count) in [("", 0x10_0000_u32, 6144), ("-elsewhere", 0x0f_fffc, 6145)] {
            self.case(format!("native-limit-named{name}"), |elf| {
                elf.headers.truncate(1);
                elf.text(0x10_0000, &0x73_u32.to_le_bytes().repeat(28_672));
                elf.add(0x2_0000, &word.to_le_bytes().repeat(count), 4 * count as u32, R);
            });
        }
        self.case("native-limit-named-and-one-more", |elf| {
            elf.headers.truncate(1);
            elf.text(0x10_0000, &0x73_u32.to_le_bytes().repeat(28_672));
            elf.add(0x2_0000, &0x10_0000_u32.to_le_bytes().repeat(6145), 4 * 6145, R);
        });
    }

    /// The limits of the file, of text and of data.
    fn sizes(&mut self) {
        for (name, len) in [("1-mib", 1 << 20), ("1-mib-plus-1", (1 << 20) + 1), ("2-mib", 2 << 20)]
        {
            self.case(format!("file-of-{name}"), |elf| elf.body.resize(len, 0));
        }
        for len in [1, 2, 3, 4, 4096] {
            self.case(format!("trailing-garbage-{len}"), |elf| {
                elf.body.extend(vec![0xa5; len]);
            });
        }
        for (name, limit) in [("contract", 512 << 10), ("bare", 4 << 20)] {
            for delta in [-4, -2, -1, 0, 1, 2, 4] {
                self.case(format!("text-limit-{name}-{delta}"), |elf| {
                    elf.headers.truncate(1);
                    elf.text(0x10_0000, &vec![0x13; (limit + delta) as usize]);
                });
            }
        }
        // The good image has 64 bytes already.
        for delta in [-1, 0, 1, 4096] {
            let len = (256 << 10) - 64 + delta;
            self.case(format!("rodata-limit-{delta}"), |elf| {
                elf.add(0x2_0000, &vec![7; len as usize], len as u32, R);
            });
            self.case(format!("data-limit-{delta}"), |elf| {
                elf.add(0x2_0000, &vec![7; len as usize], len as u32, RW);
            });
            self.case(format!("data-limit-in-two-{delta}"), |elf| {
                let half = len / 2;
                elf.add(0x2_0000, &vec![7; half as usize], half as u32, R);
                let rest = len - half;
                elf.add(0x6_0000, &vec![7; rest as usize], rest as u32, RW);
            });
        }
        self.case("one-offset-for-many", |elf| {
            elf.body.resize(0x200 + 0x1_0000, 9);
            for index in 0..4 {
                let vaddr = 0x2_0000 + index * 0x1_0000;
                elf.headers.insert(4, Header::load(0x200, vaddr, 0x1_0000, 0x1_0000, R));
            }
            elf.phoff = elf.body.len() as u32;
            elf.body.resize(elf.body.len() + 32 * elf.headers.len(), 0);
        });
    }

    fn truncations(&mut self) {
        let good = Elf::good().build();
        for len in (0..=53).chain((54..good.len()).step_by(13)) {
            self.file(format!("truncated-to-{len}"), good[..len].to_vec());
        }
        self.file("zeros-52", vec![0; 52]);
        self.file("zeros-16-mib", vec![0; 16 << 20]);
        self.file("magic-only", b"\x7fELF".to_vec());
        self.file("text-file", b"#!/bin/sh\nexec true\n".repeat(4));
        self.file("archive", [&b"!<arch>\n"[..], &good].concat());
        self.file("good-after-a-zero", [&[0][..], &good].concat());
    }

    /// Sections, symbols and what else has no influence.
    fn unread(&mut self) {
        for offset in [0, 1, 52, 0x1b1, 0x1ff, 0x200, 0x7fff_ffff, u32::MAX] {
            self.case(format!("shoff-{offset:#x}"), |elf| elf.shoff = offset);
        }
        for value in [0, 1, 3, 0x100, 0xff00, 0xffff] {
            self.case(format!("shnum-{value}"), |elf| elf.shnum = value);
            self.case(format!("shentsize-{value}"), |elf| elf.shentsize = value);
            self.case(format!("shstrndx-{value}"), |elf| elf.shstrndx = value);
        }
        let words =
            ["name", "type", "flags", "addr", "offset", "size", "link", "info", "align", "entsize"];
        for (section, at) in [("symtab", 0x1b0), ("strtab", 0x1d8)] {
            for (index, word) in words.into_iter().enumerate() {
                for value in [0, 1, 0x7fff_ffff, u32::MAX] {
                    self.case(format!("{section}-{word}-{value:#x}"), |elf| {
                        elf.put_words(at + 4 * index, &[value]);
                    });
                }
            }
        }
        for (index, word) in ["name", "value", "size", "info"].into_iter().enumerate() {
            for value in [0, 8, 0x1_0100, u32::MAX] {
                self.case(format!("symbol-{word}-{value:#x}"), |elf| {
                    elf.put_words(0x190 + 4 * index, &[value]);
                });
            }
        }
        self.case("names-not-ended", |elf| elf.put(0x1a0, &[b'x'; 8]));
        self.case("names-not-ascii", |elf| {
            elf.put(0x1a0, b"\0\x1b[2J\xff\x07\0");
        });
    }

    /// Texts that are hard on later stages; the loader has nothing against them.
    fn code(&mut self) {
        const WORDS: u32 = 131_072;
        let jal = |offset: u32| {
            (offset & 0x10_0000) << 11
                | (offset & 0x7fe) << 20
                | (offset & 0x800) << 9
                | offset & 0xf_f000
                | 0x6f
        };
        let beq = |offset: u32| {
            (offset & 0x1000) << 19
                | (offset & 0x7e0) << 20
                | (offset & 0x1e) << 7
                | (offset & 0x800) >> 4
                | 0x63
        };
        let words = |word: &dyn Fn(u32) -> u32| -> Vec<u8> {
            (0..WORDS).flat_map(|at| word(at).to_le_bytes()).collect()
        };
        let texts: [(&str, Vec<u8>); 8] = [
            ("zeros", words(&|_| 0)),
            ("ones", words(&|_| u32::MAX)),
            ("self-jumps", words(&|_| jal(0))),
            ("far-jumps", words(&|at| jal(((at * 7919) & 0x7_fffc).wrapping_sub(at & 0x3_fffc)))),
            ("branches", words(&|at| beq((at * 4 * 2617) & 0x1ffc))),
            ("jump-table", words(&|at| 0x1_0000 + 4 * at)),
            ("divisions", words(&|_| 0x02b5_4533)),
            ("host-calls", words(&|_| 0x73)),
        ];
        for (profile, elf) in profiles() {
            for (name, text) in &texts {
                self.from(elf.clone(), format!("code-{profile}-{name}"), |elf| {
                    elf.headers.truncate(1);
                    elf.text(0x1_0000, text);
                });
            }
        }
        self.from(Elf::compressed(), "code-compressed-half-words", |elf| {
            elf.headers.truncate(1);
            elf.text(0x1_0000, &[1; 512 << 10]);
        });
        self.case("jump-table-in-rodata", |elf| {
            elf.headers.remove(RODATA);
            let table: Vec<u8> =
                (0..65_000_u32).flat_map(|at| (0x1_0100 + at % 16 * 4).to_le_bytes()).collect();
            elf.add(0x2_0000, &table, 260_000, R);
        });
        self.case("data-says-null", |elf| {
            elf.headers[DATA].kind = PT_NULL;
            elf.headers[RODATA].kind = PT_LOAD;
        });
    }
}

fn profiles() -> [(&'static str, Elf); 2] {
    [("plain", Elf::good()), ("compressed", Elf::compressed())]
}

const PARTS: [(&str, usize); 3] = [("text", TEXT), ("rodata", RODATA), ("data", DATA)];
