"""The country of Sarnevale, its people and what they do. All of it is made up; nobody here lives or ever lived."""

COUNTRY = "Sarnevale"

# name, pronoun, possessive
PEOPLE = [
    ("Ilvane Torrech", "she", "her"), ("Maso Perrindale", "he", "his"), ("Odessine Quorrel", "she", "her"),
    ("Tamrick Vosse", "he", "his"), ("Briseth Aldermoor", "she", "her"), ("Corvain Hasklow", "he", "his"),
    ("Neravi Stillbrook", "she", "her"), ("Edrin Falloway", "he", "his"), ("Junith Marrowgate", "she", "her"),
    ("Pellam Oxtorrow", "he", "his"), ("Sabrelle Thornquay", "she", "her"), ("Havik Lorrimore", "he", "his"),
    ("Yselda Creel", "she", "her"), ("Dorrick Wenfield", "he", "his"), ("Amarith Solloway", "she", "her"),
    ("Kestrin Bly", "he", "his"), ("Ottelyn Grayve", "she", "her"), ("Rufane Tessarow", "he", "his"),
    ("Wilmet Harrowgold", "she", "her"), ("Zephan Kittle", "he", "his"), ("Lunessa Barrowby", "she", "her"),
    ("Gart Umberfell", "he", "his"), ("Phaedrin Oswick", "he", "his"), ("Merrilow Vantrose", "she", "her"),
    ("Tobrin Endermay", "he", "his"), ("Cassovel Ruhn", "she", "her"), ("Nimrel Ashcoil", "she", "her"),
    ("Bertrane Follisk", "he", "his"), ("Elowick Tarn", "she", "her"), ("Jorravin Pike", "he", "his"),
    ("Selvany Corrigrew", "she", "her"), ("Anskell Doverin", "he", "his"), ("Miravel Tollen", "she", "her"),
    ("Hobb Landrisse", "he", "his"), ("Vionet Starkeld", "she", "her"), ("Radmer Quince", "he", "his"),
    ("Theodrith Ammerly", "she", "her"), ("Isavette Loome", "she", "her"), ("Fennoch Brade", "he", "his"),
    ("Carolind Myre", "she", "her"),
]

# Two people share a craft, each with a field and a work of their own: craft, its art, (field, work, what it is) twice.
CRAFTS = [
    ("a glassblower", "glassblowing",
     ("green drinking glasses", "the Tide Lamps", "forty lanterns that glow when rain is near"),
     ("window panes for chapels", "the Winter Goblets", "cups so thin that they ring in the wind")),
    ("a bridge builder", "bridge building",
     ("footbridges of oak", "the Heron Bridge", "which stands on three crooked legs"),
     ("stone arches", "the Long Stair Bridge", "the only bridge with a bakery on it")),
    ("a mapmaker", "mapmaking",
     ("maps of small villages", "the Atlas of Puddles", "which shows every street after rain"),
     ("charts of the coast", "the Map of Echoes", "which marks where a shout comes back twice")),
    ("a bell founder", "bell founding",
     ("church bells", "Old Patience", "a bell that is rung only for weddings"),
     ("ship's bells", "the Fog Choir", "nine small bells that guide ships past the rocks")),
    ("a beekeeper", "beekeeping",
     ("heather honey", "the Walking Hives", "which follow the clover on a hay cart"),
     ("beeswax candles", "Marsh Gold", "a honey that tastes faintly of mint")),
    ("a puppet maker", "puppetry",
     ("puppets of lime wood", "The Duke Who Lost His Hat", "a play for eleven puppets and one goose"),
     ("shadow figures", "The Tailor's Shadow", "a show given behind a wet bed sheet")),
    ("a clock mender", "clock mending",
     ("tower clocks", "the Harbour Clock", "which had run backwards for thirty years"),
     ("pocket watches", "the Orchard Clock", "a sundial made of pear trees")),
    ("a boat builder", "boat building",
     ("flat river boats", "the Grey Sister", "a ferry with a hull of cherry wood"),
     ("racing skiffs", "the Minnow", "a boat small enough to carry to school")),
    ("a ballad singer", "ballad singing",
     ("sad songs of the sea", "The Salt Wedding", "a ballad about two rival cooks"),
     ("songs for the road", "Seven Roads Home", "a song that carters hum to their horses")),
    ("a weaver", "weaving",
     ("heavy woollen blankets", "the Storm Blanket", "which took four winters to finish"),
     ("linen for weddings", "the River Carpet", "a blue carpet as long as a street")),
    ("a botanist", "botany",
     ("mosses and ferns", "A Year of Mosses", "a book that names sixty kinds of moss"),
     ("flowers of the marsh", "the Night Garden", "where every flower opens after dusk")),
    ("a lighthouse keeper", "light keeping",
     ("the northern lights of the coast", "the Lantern Diary", "a list of every ship in twenty years"),
     ("the old tower on the sandbank", "the Whistling Light", "a lighthouse that sings in a north wind")),
    ("a printer", "printing",
     ("cheap almanacs", "The Penny Almanac", "a booklet that foretells only good weather"),
     ("books for schools", "The Blue Primer", "from which half the country learned to read")),
    ("a potter", "pottery",
     ("plain brown bowls", "the Thousand Bowls", "made for those who lost theirs in the flood"),
     ("salt-glazed jugs", "the Laughing Jug", "which chuckles when it is poured")),
    ("a baker", "baking",
     ("dark rye bread", "the Candle Loaf", "a bread baked for the longest night"),
     ("sweet pastry", "plum knots", "small cakes that sailors take to sea")),
    ("an astronomer", "astronomy",
     ("comets", "the discovery of the Lame Comet", "which comes back every nineteen years"),
     ("charts of the winter sky", "The Children's Sky", "a chart with a household name for each star")),
    ("a lute maker", "lute making",
     ("lutes of black ash", "the Widow", "a lute that is never played indoors"),
     ("small lutes for children", "the Twin Lutes", "cut from one plank and never sold apart")),
    ("a playwright", "playwriting",
     ("comedies", "The Ferryman's Umbrella", "a comedy that is played every spring"),
     ("farces in one act", "Three Doors and a Goat", "in which nobody ever leaves the stage")),
    ("a ferry captain", "river piloting",
     ("night crossings", "the Ice Crossing", "when forty people crossed a freezing river"),
     ("carrying the mail", "the Midnight Ferry", "which takes letters for nothing")),
    ("a gardener", "gardening",
     ("hedges and mazes", "the Maze of Quinces", "in which every path ends at a bench"),
     ("roof gardens", "the Steep Garden", "planted on the roof of the town hall")),
]

# town, river, trade, landmark, dish
TOWNS = [
    ("Oskeral", "the Vell", "its paper mills", "a tower with two clocks", "eel pie"),
    ("Tindlehaven", "the Sennow", "smoked herring", "a pier shaped like a hook", "herring with apples"),
    ("Pellquay", "the Arle", "ropes and sails", "a harbour wall of red stone", "crab soup"),
    ("Hestrel", "the Brack", "copper pans", "a well ninety steps deep", "onion cakes"),
    ("Dunmarrow", "the Thornow", "wool", "a market hall on oak posts", "mutton stew"),
    ("Yarrowick", "the Tavin", "cider", "an orchard inside the walls", "baked pears"),
    ("Casperine", "the Vell", "silver buttons", "a street of forty bridges", "walnut bread"),
    ("Grelmoor", "the Quash", "peat and heather brooms", "a chapel without a roof", "barley porridge"),
    ("Undersill", "the Lidde", "slate", "houses cut into the cliff", "goat cheese dumplings"),
    ("Vashtow", "the Morrel", "saddles", "a racecourse by the river", "bean soup"),
    ("Ibberlock", "the Lidde", "door locks", "a gate that opens once a year", "fried trout"),
    ("Sollomere", "the Arle", "reed baskets", "a lake with a floating school", "perch in butter"),
    ("Kettrin", "the Brack", "iron stoves", "a chimney taller than the church", "potato rolls"),
    ("Maulderby", "the Thornow", "mustard", "a windmill with six sails", "ham in mustard"),
    ("Farrowend", "the Tavin", "pigs and acorns", "an oak that nine people can circle", "acorn pancakes"),
    ("Lissenport", "the Sennow", "spices and lamp oil", "a lighthouse of white brick", "saffron rice"),
    ("Ombersea", "the Morrel", "amber", "a beach of black sand", "mussels in beer"),
    ("Quillow", "the Quash", "goose feathers", "a library in a barn", "roast goose with plums"),
]

SEASONS = ["spring", "summer", "autumn", "winter"]

TRADES = ["a tanner", "a midwife", "a carter", "a schoolteacher", "a salt merchant", "a cooper", "a seamstress", "a miller",
          "a shepherd", "a fishmonger", "a judge", "a cobbler", "a stonemason", "an innkeeper", "a chimney sweep", "a nurse",
          "a postrider", "a cheesemaker", "a soldier", "a hat maker", "a locksmith", "an apothecary", "a thatcher", "a dyer"]

TEACHERS = ["the widow Tasselby", "old Master Gorringe", "Aunt Berrin", "a tinker called Dobb", "Captain Vireo Lunt",
            "the miller Harn Ostry", "Sister Emberly", "an uncle named Quill", "the retired judge Wenna Croy", "Mother Ansolet",
            "a blind man named Perrot", "the twins Ade and Adder Moss", "Doctor Fallowbright", "the hermit of Grelmoor",
            "a sailor known as Long Ossian", "Mistress Kerrow", "the sexton Bram Tuddle", "Lady Ivorine Sax",
            "a cousin called Wick", "the smith Torvald Hune"]

HABITS = [
    "humming the same three notes all day", "wearing one red and one green sock", "writing letters on birch bark",
    "counting in a language nobody else knows", "drinking cold tea from a jam jar", "keeping a pebble in each pocket",
    "greeting every dog by name", "working only after the evening bell", "sleeping in a hammock in all weather",
    "eating an apple whole with the core", "painting the tools bright yellow", "talking to the kettle before breakfast",
    "walking backwards down steep hills", "giving away the first piece made each year", "never sitting down before noon",
    "carrying a folded chair everywhere", "collecting lost gloves on a long string", "whistling whenever it starts to rain",
    "answering questions with a proverb", "wearing a coat made of old sails", "saving every candle stump in a chest",
    "taking a bath in the river each dawn", "keeping accounts in chalk on the door", "never using the same road twice",
    "reading the last page of a book first", "feeding sparrows out of a top hat", "signing everything with a drawn snail",
    "tying a knot for every finished job", "closing the shop on windy days", "keeping a chess game going by mail",
    "lending money only on Thursdays", "naming each tool after a relative", "baking a cake for every full moon",
    "hanging the laundry in order of colour", "playing the flute to the tomatoes", "wearing spectacles without glass",
    "knocking twice before leaving a room", "asking children for advice", "refusing to own a mirror",
    "tasting rain before naming the day",
]

HOMES = ["a crooked house above the fish market", "two rooms over a candle shop", "an old windmill outside the walls",
         "a houseboat painted yellow", "a cottage with a grass roof", "the gatehouse by the north road", "a former school",
         "a narrow house between two taverns", "a barn full of books", "a cabin on stilts", "the attic of the town bakery",
         "a stone tower without stairs", "a caravan under a chestnut tree", "a farmhouse with a blue door",
         "the last house on the harbour wall", "a cellar with a garden view", "a hut beside the mill pond",
         "an empty chapel on the hill", "a tall house with round windows", "a toll house by the bridge"]

COMPANIONS = ["a three-legged cat named Button", "a raven that steals spoons", "an elderly donkey called Duchess", "two tame hedgehogs",
              "a parrot that only swears", "a deaf sheepdog named Bishop", "a tortoise older than the house", "four noisy geese",
              "a lame fox called Penny", "a goat that eats letters", "a white owl named Sexton", "a very fat rabbit",
              "a ginger cat called Mayor", "a pair of doves", "a one-eyed hound named Patch", "a hen called Madam Clock",
              "an otter that comes and goes", "a pony no taller than a table", "a jackdaw named Inkpot", "seven black kittens"]

PRIZES = ["the Silver Oar", "the Amber Thimble", "the Golden Ladle", "the Order of the Heron", "the Copper Key", "the White Feather",
          "the Harvest Crown", "the Lantern Medal", "the Miller's Cup", "the Blue Ribbon of the Guilds", "the Oak Leaf",
          "the Queen's Spoon", "the Pilgrim's Staff", "the Salt Star", "the Freedom of the City", "the Glass Acorn"]

REASONS = ["teaching orphans without pay", "saving the town archive from a fire", "forty years of honest work",
           "mending the flood gates in one night", "making the old duke laugh", "feeding travellers in the hard winter",
           "ending a quarrel between two guilds", "rescuing a crew of smugglers", "inventing a quieter hammer",
           "a speech that lasted one sentence", "returning a lost purse of gold", "the finest work at the autumn fair",
           "planting nine hundred trees", "bringing the post through the snow", "refusing a bribe in public",
           "keeping the bells ringing in the storm"]
