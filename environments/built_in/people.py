"""Words that contacts are made of: given names, family names, cities and jobs of many cultures.

No word holds a comma, and no two of the four lists share an entry, so a generated text names each field
without doubt.
"""

from __future__ import annotations


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(entry.split()) for entry in text.split(","))


GIVEN = _listed("""
    Ana, María, José, Søren, Zoë, Björn, Amélie, Łukasz, Nguyệt, Anh, Wei, Mei, Hiroshi, Yuki, Aiko, Kenji, Priya,
    Arjun, Lakshmi, Rohan, Fatima, Omar, Layla, Yusuf, Aisha, Kwame, Ama, Chidi, Ngozi, Tunde, Zanele, Thabo,
    Siobhán, Niamh, Eoin, Ciarán, Owen, Rhys, Gwen, Ingrid, Åsa, Håkan, Mikko, Aino, Jūratė, Jānis, Tomáš, Zdeněk,
    Božena, György, Ágnes, Dragoș, Ioana, Nikolai, Olga, Svetlana, Dmitri, Oksana, Taras, Giulia, Marco, Chiara,
    Luca, João, Inês, Thiago, Beatriz, Jean-Luc, Geneviève, François, Chloé, Noël, Jürgen, Käthe, Günther, Annelie,
    Pieter, Saskia, Willem, Elif, Mehmet, Ayşe, Çağla, Dalia, Avi, Noa, Kofi, Makena, Tama, Aroha, Kai, Leilani,
    Emma, Oliver, Grace, Henry, Ruth, Samuel, Hannah, Malik, Tariq, Nadia, Minh, Linh, Seo-yeon, Min-jun, Itzel,
    Xóchitl
""")

FAMILY = _listed("""
    Pérez, García, Núñez, Muñoz, Ibáñez, Kjær, Sørensen, Ødegård, Lindqvist, Åkesson, Virtanen, Mäkinen, Müller,
    Schröder, Weiß, Grünwald, van der Berg, de Vries, van Dijk, Dupont, Lefèvre, Beauchêne, Le Gall, Rossi, De Luca,
    Di Stefano, Bianchi, Esposito, Silva, dos Santos, Gonçalves, Conceição, Nowak, Wójcik, Kowalczyk, Zając, Novák,
    Dvořák, Černý, Horváth, Szabó, Kovács, Popescu, Țurcanu, Ivanov, Petrova, Sokolov, Shevchenko, Bondarenko,
    Papadopoulos, Georgiou, Yılmaz, Öztürk, Şahin, Haddad, Al-Masri, Ben Youssef, Khoury, Cohen, Levi, Okafor,
    Adeyemi, Mensah, Owusu, Mwangi, Otieno, Dlamini, Nkosi, Patel, Sharma, Iyer, Banerjee, Singh, Rahman, Chowdhury,
    Tanaka, Suzuki, Yamamoto, Kim, Park, Choi, Wang, Zhang, Liu, Nguyễn, Trần, Phạm, Santoso, Wijaya, Reyes,
    Bautista, O'Brien, Ó Súilleabháin, MacLeod, Jones, Llewellyn, Smith, Baker, Whitfield, Thompson, Kealoha, Ngata,
    Quispe, Mamani
""")

CITIES = _listed("""
    Lisbon, Porto, Madrid, Sevilla, San Sebastián, A Coruña, Lyon, Saint-Étienne, Aix-en-Provence, Genoa, L'Aquila,
    Reggio Emilia, Zürich, Genève, Köln, Düsseldorf, Frankfurt am Main, Graz, The Hague, Utrecht, Ghent, Aarhus,
    Malmö, Gothenburg, Tromsø, Bergen, Turku, Tallinn, Riga, Vilnius, Łódź, Gdańsk, Brno, České Budějovice, Győr,
    Cluj-Napoca, Iași, Plovdiv, Novi Sad, Thessaloniki, İzmir, Tel Aviv, Beirut, Cairo, Casablanca, Tunis, Dakar,
    Accra, Lagos, Addis Ababa, Nairobi, Dar es Salaam, Cape Town, Port Elizabeth, Mumbai, New Delhi, Chennai, Dhaka,
    Colombo, Hanoi, Ho Chi Minh City, Kuala Lumpur, Jakarta, Quezon City, Taipei, Xi'an, Osaka, Kyoto, Busan, Perth,
    Alice Springs, Wellington, Palmerston North, Honolulu, San Francisco, New Orleans, Salt Lake City, St. Louis,
    Baton Rouge, Toronto, Québec, Trois-Rivières, Mexico City, San José, Bogotá, Medellín, Quito, La Paz, São Paulo,
    Belo Horizonte, Rio de Janeiro, Buenos Aires, Valparaíso, Montevideo, Cork, Galway, Stoke-on-Trent, Newcastle
    upon Tyne, Edinburgh
""")

JOBS = _listed("""
    nurse, teacher, baker, carpenter, electrician, plumber, architect, accountant, actor, archaeologist, astronomer,
    barber, beekeeper, biologist, bookbinder, bookseller, bus driver, butcher, chef, chemist, civil engineer, cook,
    court interpreter, dancer, dental hygienist, dentist, detective, economist, editor, farmer, film director, fire
    fighter, fisherman, flight attendant, florist, forest ranger, game designer, gardener, geologist, glassblower,
    graphic designer, head waiter, historian, illustrator, insurance broker, jeweller, journalist, judge, landscape
    architect, lawyer, librarian, lighthouse keeper, locksmith, machine operator, mail carrier, mechanic, midwife,
    music teacher, notary, optician, painter, pastry chef, pharmacist, photographer, physicist, piano tuner, pilot,
    police officer, potter, primary school teacher, psychologist, radio presenter, real estate agent, roofer,
    sailor, sculptor, ship's cook, shoemaker, social worker, software developer, sound engineer, stonemason,
    surgeon, surveyor, tailor, tax adviser, taxi driver, tour guide, train conductor, translator, tree surgeon,
    truck driver, veterinarian, violin maker, watchmaker, web designer, welder, youth worker, zookeeper, zoologist
""")
