//! The objects that commands speak of: one table each, of its attributes (with the JSON property behind them) and of
//! the collections below it. The root is an object like any other. Grammar, help, completion and output follow these tables.

mod balancers;
mod bridges;
mod chains;
mod conditions;
mod groups;
mod hosts;
mod kinds;
mod routers;
mod services;
mod vteps;

use serde_json::Value;

pub(crate) use bridges::BRIDGE;
#[cfg(test)]
pub(crate) use chains::RULE;
pub(crate) use kinds::{PORT, ROOT};
pub(crate) use routers::ROUTER;

use Access::{Clear, Read, Write};

/// A kind of object.
#[derive(Debug)]
pub(crate) struct Kind {
    /// First word of its lines, and prefix of its aliases.
    pub(crate) word: &'static str,
    /// What it is, in a sentence.
    pub(crate) about: &'static str,
    /// Property by which one is told from another in its collection. Those told by `id` have aliases. Empty: nothing does.
    pub(crate) key: &'static str,
    /// Property of the root with the address of one, in which `{id}` stands for its id. Empty: the root has none.
    pub(crate) template: &'static str,
    pub(crate) order: Order,
    pub(crate) attributes: &'static [&'static [Attribute]],
    pub(crate) children: &'static [Child],
    /// For a kind that has several forms: the one that an object has.
    pub(crate) form: Option<fn(&Value) -> &'static Kind>,
    /// Commands that show how it is used.
    pub(crate) examples: &'static [&'static str],
}

/// The order in which a collection is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// That of the aliases, which is that in which a session has come to know them.
    Known,
    /// By a number, the smallest first.
    Ascending(&'static str),
    /// By a number, the biggest first.
    Descending(&'static str),
}

/// A collection below an object.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static Kind,
    pub(crate) place: Place,
    /// What every new object says of itself; `None` where none can be created.
    pub(crate) preset: Option<&'static [(&'static str, &'static str)]>,
}

/// Where the objects of a collection are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the address under this property of the parent.
    At(&'static str),
    /// In the list under this property of the parent, with which they are written.
    Inside(&'static str),
    /// There is just one, at the address under this property of the parent.
    Only(&'static str),
}

/// One attribute of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// Property in JSON.
    pub(crate) field: &'static str,
    /// Property whose value, an object, holds the field; none: the object itself does.
    pub(crate) within: Option<&'static str>,
    pub(crate) codec: Codec,
    /// Property that negates it, where `!value` is possible.
    pub(crate) negation: Option<&'static str>,
    pub(crate) access: Access,
    pub(crate) shown: Shown,
    /// What it says, in a phrase.
    pub(crate) about: &'static str,
}

/// What can be done with an attribute beside showing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Read,
    /// It can be given when the object is created, and set.
    Write,
    /// It can also be cleared.
    Clear,
}

/// Where an attribute is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Everywhere.
    Always,
    /// Not in the line of a single object: MidoNet's shows none of a rule's conditions there.
    Listed,
    /// In tables, not in lines.
    Tables,
    /// Only when asked for by name.
    Asked,
}

/// How a value stands in a command and in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// The same text; what to call it.
    Text(&'static str),
    /// A whole number, decimal or 0x….
    Number,
    /// Two words for true and false.
    Flag(&'static str, &'static str),
    /// One of several words: ours, and that of the API.
    Words(&'static [(&'static str, &'static str)]),
    /// The id of an object of the collection under this property of the root.
    Reference(&'static str),
    /// Ids of such objects, separated by commas.
    References(&'static str),
    /// Texts, separated by commas; what to call one.
    List(&'static str),
    /// Address and prefix length; the length in a property of its own.
    Prefix(&'static str),
    /// A number or two with a dash between.
    Range,
    /// An address of a port, with or without the prefix length of its network.
    PortAddress,
    /// An address of a group, which says also of which version of IP it is.
    GroupAddress,
    /// The port at the other end of a cable, which is linked rather than set.
    Peer,
    /// Two flags of connection tracking, one word for each.
    Flow,
    /// Ranges of addresses and ports that NAT translates to, separated by commas.
    Targets,
    /// The type of a rule: `redirect` is one more word for one of `l2_transform`.
    RuleType,
    /// The device of a trace, of this type and in this collection.
    Device(&'static str, &'static str),
}

const STATE: Codec = Codec::Flag("up", "down");
const YES_NO: Codec = Codec::Flag("yes", "no");
const TRUE_FALSE: Codec = Codec::Flag("true", "false");
const NAME: Codec = Codec::Text("NAME");
const ADDRESS: Codec = Codec::Text("ADDRESS");
const ADDRESSES: Codec = Codec::List("ADDRESS");
const MAC: Codec = Codec::Text("MAC");
const CHAIN_REF: Codec = Codec::Reference("chains");
const PORT_REF: Codec = Codec::Reference("ports");
const HOST_REF: Codec = Codec::Reference("hosts");
const QOS_REF: Codec = Codec::Reference("qosPolicies");
const MIRROR_REFS: Codec = Codec::References("mirrors");

/// The id that every object with an alias has.
static ID: Attribute = read("id", "id", Codec::Text("ID"), "its UUID").asked();
/// The tenant of an object that has one. Kept out of lines, as MidoNet does.
const TENANT: Attribute =
    write("tenant", "tenantId", Codec::Text("TENANT"), "the tenant that owns it").tables();

const fn attribute(
    name: &'static str,
    field: &'static str,
    codec: Codec,
    access: Access,
    about: &'static str,
) -> Attribute {
    Attribute { name, field, within: None, codec, negation: None, access, shown: Shown::Always, about }
}

const fn read(name: &'static str, field: &'static str, codec: Codec, about: &'static str) -> Attribute {
    attribute(name, field, codec, Read, about)
}

const fn write(name: &'static str, field: &'static str, codec: Codec, about: &'static str) -> Attribute {
    attribute(name, field, codec, Write, about)
}

const fn clear(name: &'static str, field: &'static str, codec: Codec, about: &'static str) -> Attribute {
    attribute(name, field, codec, Clear, about)
}

/// What a new object of a collection says of itself when it says nothing.
const ANY: Option<&'static [(&'static str, &'static str)]> = Some(&[]);

/// A collection with an address, in which objects can be created.
const fn open(name: &'static str, kind: &'static Kind, link: &'static str) -> Child {
    Child { name, kind, place: Place::At(link), preset: ANY }
}

/// A collection with an address, to look at.
const fn fixed(name: &'static str, kind: &'static Kind, link: &'static str) -> Child {
    Child { name, kind, place: Place::At(link), preset: None }
}

/// A collection that is a list inside its parent.
const fn inside(name: &'static str, kind: &'static Kind, property: &'static str) -> Child {
    Child { name, kind, place: Place::Inside(property), preset: ANY }
}

impl Kind {
    /// A kind with an id and nothing else.
    pub(crate) const PLAIN: Self = Self {
        word: "",
        about: "",
        key: "id",
        template: "",
        order: Order::Known,
        attributes: &[],
        children: &[],
        form: None,
        examples: &[],
    };

    /// Its attributes, in the order of its lines.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &'static Attribute> + use<> {
        let own = self.attributes.iter().flat_map(|part| part.iter());
        self.is_aliased().then_some(&ID).into_iter().chain(own)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes().find(|attribute| attribute.name == name)
    }

    pub(crate) fn child(&self, name: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The collection at the root under one of its properties.
    pub(crate) fn collection(link: &str) -> Option<&'static Child> {
        ROOT.children.iter().find(|child| matches!(child.place, Place::At(at) if at == link))
    }

    /// The kind of the objects under a property of the root.
    pub(crate) fn under(link: &str) -> &'static Self {
        Self::collection(link).map_or(&ROOT, |child| child.kind)
    }

    /// The form of an object of this kind.
    pub(crate) fn of(&'static self, object: &Value) -> &'static Self {
        self.form.map_or(self, |form| form(object))
    }

    /// Whether its objects are called by aliases. The others are told by one of their attributes.
    pub(crate) fn is_aliased(&self) -> bool {
        self.key == "id" && self.key_attribute().is_none()
    }

    /// The attribute that says which one of its collection an object is.
    pub(crate) fn key_attribute(&self) -> Option<&'static Attribute> {
        let own = self.attributes.iter().flat_map(|part| part.iter());
        own.into_iter().find(|attribute| attribute.field == self.key)
    }

    /// The attribute that a property of the API stands behind. `conditions[0].tpSrc.start` is one of `tpSrc`.
    pub(crate) fn attribute_behind(&self, property: &str) -> Option<&'static Attribute> {
        let mut parts = property.split(['.', '[', ']']).filter(|part| !part.is_empty());
        parts.find_map(|part| self.attributes().find(|attribute| attribute.has_property(part)))
    }
}

impl Attribute {
    /// `!` negates it, by this property.
    const fn negated_by(self, flag: &'static str) -> Self {
        Self { negation: Some(flag), ..self }
    }

    const fn listed(self) -> Self {
        Self { shown: Shown::Listed, ..self }
    }

    const fn tables(self) -> Self {
        Self { shown: Shown::Tables, ..self }
    }

    const fn asked(self) -> Self {
        Self { shown: Shown::Asked, ..self }
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.access != Read
    }

    /// The property of the root under which the objects are that it refers to.
    pub(crate) fn refers_to(&self) -> Option<&'static str> {
        match self.codec {
            Codec::Reference(link) | Codec::References(link) | Codec::Device(_, link) => Some(link),
            Codec::Peer => Some("ports"),
            _ => None,
        }
    }

    /// Whether a property of the API is one of those behind it.
    fn has_property(&self, property: &str) -> bool {
        let beside = match self.codec {
            Codec::Prefix(length) => property == length,
            Codec::PortAddress => property == "portSubnet",
            Codec::GroupAddress => property == "version",
            Codec::Flow => property == "matchReturnFlow",
            Codec::RuleType => property == "flowAction",
            Codec::Device(..) => property == "deviceType",
            _ => false,
        };
        self.field == property || self.negation == Some(property) || beside
    }
}
