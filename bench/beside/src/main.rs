fn main(){ println!("{:?}", wasmtime::Engine::default().is_pulley()); }
