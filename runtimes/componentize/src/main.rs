//! `componentize MODULE COMPONENT`: makes a component of a core module that carries its world, as wit-bindgen writes it.

use std::error::Error;
use std::process::ExitCode;

use wit_component::ComponentEncoder;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(module), Some(component), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        eprintln!("usage: componentize MODULE COMPONENT");
        return ExitCode::from(2);
    };
    let encode = || -> Result<(), Box<dyn Error>> {
        let module = std::fs::read(&module)?;
        let encoded = ComponentEncoder::default().validate(true).module(&module)?.encode()?;
        Ok(std::fs::write(&component, encoded)?)
    };
    match encode() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("componentize: error: {}: {error:#}", module.display());
            ExitCode::FAILURE
        }
    }
}
