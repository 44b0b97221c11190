package population

import "strings"

// culture is a set of names that go together. Each name is written as its bearers write it; "山田=Yamada" adds the Latin
// spelling from which the user name is made, where folding the letters does not do it.
type culture struct {
	given, family []string
	familyFirst   bool
}

func names(text string) []string { return strings.Split(text, "|") }

// cultures are drawn with equal chance, so that a rehearsal of a hundred users has met every script and every apostrophe.
var cultures = []culture{
	{ // English
		given:  names("Barbara|James|Olivia|Thomas|Charlotte|William|Emily|Henry|Grace|Samuel|Alice|Benjamin|Sophie|Daniel|Ruth|Edward"),
		family: names("Jensen|Smith|Taylor|Walker|Hughes|Bennett|Fletcher|Morgan|Cooper|Ashford-Lane|Whitfield|Parker|Turner|Hayes|Shaw|Carter"),
	},
	{ // Irish and Scottish
		given:  names("Seán|Aoife|Niamh|Ciarán|Siobhán|Róisín|Eoin|Fiona|Hamish|Catríona|Mary-Kate|Pádraig"),
		family: names("O'Neill|O'Brien|O'Connor|Ní Bhriain|D'Arcy|MacDonald|McCarthy|Ó Súilleabháin|Fitzgerald|Campbell|Byrne-Walsh|Kelly"),
	},
	{ // German
		given:  names("Jürgen|Käthe|Björn|Anneliese|Götz|Hans-Peter|Sabine|Günther|Eva-Maria|Matthias|Bärbel|Lukas"),
		family: names("Müller|Schröder|Weiß|Groß|Köhler|Schmidt-Rottluff|von der Heide|Jäger|Schäfer|Becker|Zimmermann|Böhm"),
	},
	{ // French
		given:  names("Zoé|François|Hélène|Jean-Luc|Marie-Claire|Benoît|Anaïs|Étienne|Chloé|Gaël|Noémie|Cédric"),
		family: names("Lefèvre|D'Alembert|Dubois-Martin|L'Hôpital|Béranger|de la Tour|Girard|Gauthier|Façonnet|Moreau|Chevalier|Noël"),
	},
	{ // Spanish
		given:  names("José|María José|Begoña|Íñigo|Lucía|Ángel|Ramón|Inés|Andrés|Pilar|Joaquín|Verónica"),
		family: names("García López|Núñez|Muñoz|Ibáñez|de la Cruz|Fernández|Peña|Zúñiga|Hernández|Ortega y Gasset|Vázquez|Güell"),
	},
	{ // Portuguese
		given:  names("João|Conceição|Inês|Luís|Antônio|Beatriz|Gonçalo|Letícia|Tomás|Mariana|Fábio|Júlia"),
		family: names("Gonçalves|Magalhães|dos Santos|Araújo|Simões|Conceição|Sant'Ana|Carvalho|Brandão|Assunção|Pereira|Falcão"),
	},
	{ // Italian
		given:  names("Niccolò|Giulia|Pier Paolo|Chiara|Alessandro|Mattìa|Lucia|Gianluca|Caterina|Andrea|Noè|Fiorenza"),
		family: names("D'Angelo|Dell'Acqua|De Santis|Rossi|Bellò|Degl'Innocenti|Ferrari|Conti|Esposito|Colonna|Nicolò|Marchetti"),
	},
	{ // Dutch
		given:  names("Jan-Willem|Femke|Daniël|Anouk|Maarten|Loïs|Pieter|Renée|Joris|Saskia|Thijs|Noa"),
		family: names("van der Berg|'t Hart|de Vries|van 't Hof|Jansen-de Wit|IJsselstein|Bakker|van Dijk|Hoogland|Terpstra|Visser|Coöp"),
	},
	{ // Nordic
		given:  names("Åsa|Søren|Bjørn|Märta|Þóra|Øyvind|Gúðrun|Jörgen|Ása|Mikkel|Päivi|Väinö"),
		family: names("Åkerström|Sørensen|Hämäläinen|Guðmundsdóttir|Ødegård|Lindqvist|Nyström|Kjær|Þorsteinsson|Mäkelä|Östlund|Bæk"),
	},
	{ // Polish, Czech, Croatian and Hungarian
		given:  names("Łukasz|Małgorzata|Jiří|Zdeňka|Željko|Győző|Bożena|Grzegorz|Šárka|Dvořák|Ágnes|Wojciech"),
		family: names("Wiśniewski|Dąbrowska-Kowal|Dvořáková|Šťastný|Đorđević|Szőke|Kołodziej|Žižka|Novotný|Brzęczyszczykiewicz|Kovács|Jurić"),
	},
	{ // Turkish
		given:  names("İbrahim|Gülşen|Çağla|Şükrü|Ayşe|Oğuz|Işıl|Ömer|Zeynep|Emre"),
		family: names("Yılmaz|Çelik|Şahin|Öztürk|Doğan|Güneş|Aydın|Koç|İnan|Kılıç"),
	},
	{ // Greek
		given:  names("Γιώργος=Giorgos|Ελένη=Eleni|Νίκος=Nikos|Μαρία=Maria|Δημήτρης=Dimitris|Αθηνά=Athina"),
		family: names("Παπαδόπουλος=Papadopoulos|Ζαφειρίου=Zafeiriou|Οικονόμου=Oikonomou|Λάμπρου=Lambrou|Αλεξίου=Alexiou|Βασιλείου=Vasileiou"),
	},
	{ // Ukrainian and Bulgarian
		given:  names("Олена=Olena|Тарас=Taras|Юлія=Yuliia|Богдан=Bohdan|Иван=Ivan|Наталія=Nataliia|Мар'яна=Mar'yana|Ростислав=Rostyslav"),
		family: names("Шевченко=Shevchenko|Коваленко=Kovalenko|Димитров=Dimitrov|Мельник=Melnyk|Щербак=Shcherbak|Дем'яненко=Dem'yanenko|Петрова=Petrova|Лисенко=Lysenko"),
	},
	{ // Arabic
		given:  names("فاطمة=Fatima|محمد=Mohammed|ليلى=Layla|عمر=Omar|نور=Nour|يوسف=Yousef|مريم=Maryam|خالد=Khalid"),
		family: names("الحداد=Al-Haddad|حسن=Hassan|النجار=Al-Najjar|منصور=Mansour|القاسم=El-Kassem|سليمان=Suleiman|الخطيب=Al-Khatib|عباس=Abbas"),
	},
	{ // Hebrew
		given:  names("נועה=Noa|דוד=David|תמר=Tamar|יונתן=Yonatan|שירה=Shira|איתן=Eitan"),
		family: names("כהן=Cohen|לוי=Levi|פרידמן=Friedman|בן-דוד=Ben-David|שפירא=Shapira|אדלר=Adler"),
	},
	{ // Indian
		given:  names("प्रिया=Priya|अर्जुन=Arjun|दीपिका=Deepika|राहुल=Rahul|Lakshmi|Venkatesh|Harpreet|Aditi"),
		family: names("शर्मा=Sharma|पटेल=Patel|गुप्ता=Gupta|Subramaniam|Krishnamurthy|Singh|Chatterjee|Reddy"),
	},
	{ // Vietnamese
		given:  names("Hương|Đức|Tuấn|Thảo|Phượng|Việt|Ngọc|Quỳnh"),
		family: names("Nguyễn|Trần|Lê|Phạm|Huỳnh|Đặng|Bùi|Võ"), familyFirst: true,
	},
	{ // Chinese
		given:  names("伟=Wei|秀英=Xiuying|明=Ming|丽娜=Lina|建国=Jianguo|静=Jing|子涵=Zihan|小龙=Xiaolong"),
		family: names("王=Wang|李=Li|欧阳=Ouyang|张=Zhang|陈=Chen|刘=Liu|黄=Huang|吴=Wu"), familyFirst: true,
	},
	{ // Japanese
		given:  names("太郎=Taro|花子=Hanako|健一=Ken'ichi|さくら=Sakura|大輔=Daisuke|陽菜=Hina|蓮=Ren|純一=Jun'ichi"),
		family: names("山田=Yamada|佐藤=Sato|鈴木=Suzuki|小野=Ono|渡辺=Watanabe|髙橋=Takahashi|田中=Tanaka|斎藤=Saito"), familyFirst: true,
	},
	{ // Korean
		given:  names("민준=Min-jun|서연=Seo-yeon|지우=Ji-woo|하은=Ha-eun|도윤=Do-yun|수빈=Su-bin"),
		family: names("김=Kim|이=Lee|박=Park|최=Choi|정=Jung|남궁=Namgung"), familyFirst: true,
	},
	{ // Nigerian and Kenyan
		given:  names("Ọláolúwa|Chidiebere|Ṣadé|Wanjikũ|Ngozi|Emeka|Akinyi|Abdul-Rahman"),
		family: names("Adébáyò|Okonkwo|Nwachukwu|Mũthoni|Ọdúnsì|Kamau|Olatunji-Bello|N'Diaye"),
	},
}

// folding spells a lower-case letter with a mark in plain letters, as administrators do when they make a user name.
var folding = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "oe", "å", "aa", "þ", "th", "ð", "d", "đ", "d", "ł", "l", "ı", "i",
	"á", "a", "à", "a", "â", "a", "ã", "a", "ă", "a", "ą", "a", "ả", "a",
	"é", "e", "è", "e", "ê", "e", "ë", "e", "ę", "e", "ě", "e", "ễ", "e", "ệ", "e", "ế", "e",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "i̇", "i",
	"ó", "o", "ò", "o", "ô", "o", "õ", "o", "ő", "o", "ơ", "o", "ọ", "o", "ợ", "o",
	"ú", "u", "ù", "u", "û", "u", "ũ", "u", "ű", "u", "ů", "u", "ư", "u", "ấ", "a", "ầ", "a", "ạ", "a", "ặ", "a", "ứ", "u", "ỳ", "y",
	"ý", "y", "ÿ", "y", "ç", "c", "ć", "c", "č", "c", "ď", "d", "ğ", "g", "ñ", "n", "ń", "n", "ň", "n", "ř", "r",
	"ś", "s", "š", "s", "ş", "s", "ṣ", "s", "ť", "t", "ź", "z", "ż", "z", "ž", "z",
)
