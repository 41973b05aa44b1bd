//! Writes ELF files field by field. Written apart from the product and from its libraries, so that
//! a change there cannot change the corpus.

pub(crate) const PT_NULL: u32 = 0;
pub(crate) const PT_LOAD: u32 = 1;
pub(crate) const PT_TLS: u32 = 7;
pub(crate) const PT_GNU_STACK: u32 = 0x6474_e551;
pub(crate) const R: u32 = 4;
pub(crate) const RW: u32 = 6;
pub(crate) const RX: u32 = 5;

/// Where text, rodata and data of [`Elf::good`] are, in `Elf::headers`.
pub(crate) const TEXT: usize = 0;
pub(crate) const RODATA: usize = 1;
pub(crate) const DATA: usize = 2;

#[derive(Clone)]
pub(crate) struct Elf {
    pub(crate) ident: [u8; 16],
    pub(crate) e_type: u16,
    pub(crate) machine: u16,
    pub(crate) version: u32,
    pub(crate) entry: u32,
    pub(crate) phoff: u32,
    pub(crate) shoff: u32,
    pub(crate) flags: u32,
    pub(crate) ehsize: u16,
    pub(crate) phentsize: u16,
    /// `None`: as many as there are headers.
    pub(crate) phnum: Option<u16>,
    pub(crate) shentsize: u16,
    pub(crate) shnum: u16,
    pub(crate) shstrndx: u16,
    pub(crate) headers: Vec<Header>,
    /// The bytes of the file from offset 0; the headers are written over them.
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Header {
    pub(crate) kind: u32,
    pub(crate) offset: u32,
    pub(crate) vaddr: u32,
    pub(crate) paddr: u32,
    pub(crate) filesz: u32,
    pub(crate) memsz: u32,
    pub(crate) flags: u32,
    pub(crate) align: u32,
}

impl Header {
    pub(crate) fn load(offset: u32, vaddr: u32, filesz: u32, memsz: u32, flags: u32) -> Self {
        Self { kind: PT_LOAD, offset, vaddr, paddr: vaddr, filesz, memsz, flags, align: 1 }
    }
}

impl Elf {
    /// 512 bytes: headers, 64 bytes of text, 32 of rodata, 32 of data and 224 of zero data,
    /// symbols, strings, sections.
    pub(crate) fn good() -> Self {
        let mut body = vec![0; 0x200];
        for word in body[0x100..0x140].chunks_exact_mut(4) {
            word.copy_from_slice(&0x00b5_0533_u32.to_le_bytes());
        }
        for (at, byte) in body[0x140..0x180].iter_mut().enumerate() {
            *byte = at as u8;
        }
        let load = |offset, vaddr, filesz, memsz, flags| Header {
            align: 0x1000,
            ..Header::load(offset, vaddr, filesz, memsz, flags)
        };
        let mut elf = Self {
            ident: [0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            e_type: 2,
            machine: 243,
            version: 1,
            entry: 0x1_0100,
            phoff: 52,
            shoff: 0x1b0,
            flags: 0,
            ehsize: 52,
            phentsize: 32,
            phnum: None,
            shentsize: 40,
            shnum: 2,
            shstrndx: 1,
            headers: vec![
                load(0x100, 0x1_0100, 0x40, 0x40, RX),
                load(0x140, 0x1_1140, 0x20, 0x20, R),
                load(0x160, 0x1_2160, 0x20, 0x100, RW),
                Header { kind: PT_GNU_STACK, flags: RW, align: 16, ..Header::default() },
            ],
            body,
        };
        elf.put(0x180, &[0; 16]);
        elf.put_words(0x190, &[1, 0x1_0100, 0x20]);
        elf.put(0x19c, &[0x12, 0, 1, 0]);
        elf.put(0x1a0, b"\0_start\0");
        // The symbol table is section 0 and its strings are section 1, which nothing forbids.
        elf.put_words(0x1b0, &[0, 2, 0, 0, 0x180, 0x20, 1, 1, 4, 16]);
        elf.put_words(0x1d8, &[0, 3, 0, 0, 0x1a0, 8, 0, 0, 1, 0]);
        elf
    }

    pub(crate) fn compressed() -> Self {
        Self { flags: 1, ..Self::good() }
    }

    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        self.body.resize(self.body.len().max(end), 0);
        self.body[at..end].copy_from_slice(bytes);
    }

    pub(crate) fn put_words(&mut self, at: usize, words: &[u32]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.put(at, &bytes);
    }

    /// Adds bytes at the end and a header that loads them.
    pub(crate) fn add(&mut self, vaddr: u32, bytes: &[u8], memsz: u32, flags: u32) {
        let offset = self.body.len() as u32;
        self.body.extend(bytes);
        self.headers.push(Header::load(offset, vaddr, bytes.len() as u32, memsz, flags));
    }

    /// Replaces the text.
    pub(crate) fn text(&mut self, vaddr: u32, bytes: &[u8]) {
        let offset = self.body.len() as u32;
        self.body.extend(bytes);
        let len = bytes.len() as u32;
        self.headers[TEXT] = Header::load(offset, vaddr, len, len, RX);
        self.entry = vaddr;
    }

    /// Writes the file. Headers that reach past the body are left out where `phoff` is odd enough.
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut file = self.body.clone();
        let mut header = self.ident.to_vec();
        let phnum = self.phnum.unwrap_or(self.headers.len() as u16);
        header.extend([self.e_type, self.machine].map(u16::to_le_bytes).concat());
        let words = [self.version, self.entry, self.phoff, self.shoff, self.flags];
        header.extend(words.map(u32::to_le_bytes).concat());
        let halves =
            [self.ehsize, self.phentsize, phnum, self.shentsize, self.shnum, self.shstrndx];
        header.extend(halves.map(u16::to_le_bytes).concat());
        let table: Vec<u8> = self
            .headers
            .iter()
            .flat_map(|h| [h.kind, h.offset, h.vaddr, h.paddr, h.filesz, h.memsz, h.flags, h.align])
            .flat_map(u32::to_le_bytes)
            .collect();
        let at = self.phoff as usize;
        if let Some(place) = at.checked_add(table.len()).and_then(|end| file.get_mut(at..end)) {
            place.copy_from_slice(&table);
        }
        file[..header.len()].copy_from_slice(&header);
        file
    }
}
