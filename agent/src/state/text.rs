//! Keys and codes as the text that they have in the state file.

pub(super) mod key_text {
    use beffroi_protocol::PrivateKey;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(key: &PrivateKey, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&key.to_base64())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<PrivateKey, D::Error> {
        PrivateKey::from_base64(&String::deserialize(input)?).map_err(de::Error::custom)
    }
}

pub(super) mod optional_key_text {
    use beffroi_protocol::PrivateKey;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(key: &Option<PrivateKey>, out: S) -> Result<S::Ok, S::Error> {
        key.as_ref().map(PrivateKey::to_base64).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PrivateKey>, D::Error> {
        let text = Option::<String>::deserialize(input)?;
        text.map(|text| PrivateKey::from_base64(&text).map_err(de::Error::custom)).transpose()
    }
}

pub(super) mod code_text {
    use beffroi_protocol::code::Code;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(code: &Code, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&code.text())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Code, D::Error> {
        Code::parse(&String::deserialize(input)?).map_err(de::Error::custom)
    }
}
