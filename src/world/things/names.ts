/**
 * Things that two vendors draw alike enough to be called by one short name: `name[=icon][@fxemoji] spanish gender`. The
 * icon is called like the name unless it is said; fxemoji, a third vendor's, has some of them. Genders of Spanish: m, f,
 * and a for feminine nouns that take "el" (el hacha). Blanks inside names are written _.
 */
export const LISTS = {
  animal: `
    dog@dogside perro m; cat@catside gato m; wolf@wolfface lobo m; fox zorro m; raccoon mapache m; lion león m;
    tiger@tigerside tigre m; leopard@leopardside leopardo m; horse@horse caballo m; unicorn unicornio m;
    zebra cebra f; deer ciervo m; cow@cow vaca f; pig@pigside cerdo m; boar@boar jabalí m;     sheep=ewe@sheep oveja f; goat@goat cabra f; camel=two-hump-camel@bactriancamel camello m; llama llama f;
    giraffe jirafa f; elephant@elephant elefante m; mammoth mamut m; rhinoceros rinoceronte m;
    hippopotamus hipopótamo m; mouse@mouseside ratón m; hamster@hampster hámster m;
    rabbit@bunnyside conejo m; squirrel=chipmunk@chipmunk ardilla f; beaver castor m; hedgehog erizo m;
    bat murciélago m; bear@bear oso m; koala@koala koala m; panda@pandaface panda m; sloth perezoso m;
    otter nutria f; skunk mofeta f; kangaroo canguro m; badger tejón m; monkey@monkey mono m;     turkey pavo m; rooster@rooster gallo m; chick=baby-chick@babychick pollito m; bird@bird pájaro m;
    penguin@penguin pingüino m; dove@doveofpeace paloma f; eagle águila a; duck pato m; swan cisne m; owl búho m;
    flamingo flamenco m; peacock pavo_real m; parrot loro m; frog@frog rana f; crocodile@crocodile cocodrilo m;
    turtle@turtle tortuga f; lizard lagarto m; snake@snake serpiente f; dragon@dragonside dragón m;
    whale@whale ballena f; dolphin@dolphin delfín m; seal foca f; fish@fish pez m; shark tiburón m;
    octopus@octopus pulpo m; shell=spiral-shell@spiralshell caracola f; crab cangrejo m; lobster bogavante m;
    shrimp gamba f; squid calamar m; snail@snail caracol m; butterfly mariposa f; caterpillar=bug@bug oruga f;
    ant@ant hormiga f; bee=honeybee@honeybee abeja f; ladybug=lady-beetle@ladybeetle mariquita f;
    spider@spider araña f; scorpion escorpión m; mosquito mosquito m; fly mosca f; worm gusano m;
    beetle escarabajo m; cricket grillo m`,
  food: `
    melon@melon melón m; watermelon@watermelon sandía f; tangerine@tangerine mandarina f; lemon@lemon limón m;
    banana@banana plátano m; pineapple@pineapple piña f; mango mango m; apple=red-apple@redapple manzana f;
    pear@pear pera f; peach@peach melocotón m; strawberry@strawberry fresa f; kiwi=kiwi-fruit kiwi m;
    tomato@tomato tomate m; olive aceituna f; coconut coco m; avocado aguacate m; eggplant@aubergine berenjena f;
    potato patata f; carrot zanahoria f; corn_cob=ear-of-corn@earofmaize mazorca f;
    chili=hot-pepper@chilipepper chile m; cucumber pepino m; broccoli brócoli m; garlic ajo m; onion cebolla f;
    peanut=peanuts cacahuete m; chestnut castaña f; loaf=bread@bread pan m; croissant cruasán m; bagel rosquilla f;
    waffle gofre m; cheese=cheese-wedge queso m; drumstick=poultry-leg@poultryleg muslo_de_pollo m;
    steak=cut-of-meat filete m; hamburger@hamburger hamburguesa f; pizza@sliceofpizza pizza f;
    hot_dog=hot-dog perrito_caliente m; sandwich sándwich m; taco taco m; burrito burrito m; egg huevo m;
    salad=green-salad ensalada f; rice_ball=rice-ball@riceball bola_de_arroz f; sushi@sushi sushi m;
    ice_cream=soft-ice-cream@softicecream helado m; doughnut@doughnut dónut m; cookie@cookie galleta f;
    cake=shortcake@shortcake tarta f; cupcake magdalena f; pie pastel m;
    chocolate_bar=chocolate-bar@chocolatebar tableta_de_chocolate f; candy@candy caramelo m;
    lollipop@lollipop piruleta f; custard@custard flan m; honey_pot=honey-pot@honeypot tarro_de_miel m`,
  plant: `
    bouquet@bouquetofflowers ramo_de_flores m; rose@rose rosa f; sunflower@sunflower girasol m;
    hibiscus@hibiscus hibisco m; seedling@seedling brote m; potted_plant=potted-plant maceta f;
    fir_tree=evergreen-tree@evergreen abeto m; tree=deciduous-tree@deciduoustree árbol m;
    palm_tree=palm-tree@palmtree palmera f; cactus@cactus cactus m; maple_leaf=maple-leaf@mapleleaf hoja_de_arce f;
    mushroom@mushroom champiñón m; hyacinth jacinto m`,
  vehicle: `
    locomotive@steamlocomotive locomotora f; train@train tren m; tram@tram tranvía m; bus@bus autobús m;
    minibus@minibus minibús m; ambulance@ambulance ambulancia f;
    fire_engine=fire-engine@fireengine coche_de_bomberos m; police_car=police-car@policecar coche_de_policía m;
    taxi@taxi taxi m; car=automobile@automobile coche m; pickup=pickup-truck camioneta f;
    truck=delivery-truck@deliverytruck camión m; tractor@tractor tractor m;
    race_car=racing-car@racecar coche_de_carreras m; motorcycle@motorcycle moto f; scooter=motor-scooter escúter m;
    rickshaw=auto-rickshaw mototaxi m; bicycle@bicycle bicicleta f; skateboard monopatín m;
    sailboat@sailboat velero m; canoe canoa f; speedboat@speedboat lancha f; ferry ferri m; ship@ship barco m;
    airplane@airplane avión m; helicopter@helicopter helicóptero m; flying_saucer=flying-saucer platillo_volante m;
    kick_scooter=kick-scooter patinete m; parachute paracaídas m`,
  clothing: `
    shirt=t-shirt camiseta f; scarf bufanda f; coat abrigo m; dress@dress vestido m;
    kimono@kimono kimono m; bikini@bikini bikini m; backpack@schoolsatchel mochila f; boot=hiking-boot bota f;
    high_heel=high-heeled-shoe@heels zapato_de_tacón m; crown@crown corona f; top_hat=top-hat@tophat sombrero m;
    cap=billed-cap gorra f; helmet=military-helmet casco m; sandal=thong-sandal chancla f`,
  instrument: `
    saxophone@saxophone saxofón m; trumpet@trumpet trompeta f; accordion acordeón m; guitar@guitar guitarra f;
    violin@violin violín m; banjo banjo m; drum tambor m; flute flauta f;
    keyboard=musical-keyboard@musicalkeyboard piano m; bell@bell campana f; horn=postal-horn@postalhorn corneta f`,
  building: `
    hut cabaña f; house@housebuilding casa f; hotel@hotel hotel m;
    school@school colegio m; factory@factory fábrica f; castle@europeancastle castillo m; church@church iglesia f;
    mosque mezquita f; tent@tent tienda f; circus_tent=circus-tent@circustent carpa f; fountain@fountain fuente f;
    stadium@stadium estadio m`,
  tool: `
    hammer@hammer martillo m; axe hacha a; pick pico m; saw=carpentry-saw sierra f; wrench@wrench llave_inglesa f;
    screwdriver destornillador m; gear engranaje m; scale=balance-scale balanza f; hook gancho m;
    toolbox caja_de_herramientas f; magnet imán m; ladder escalera f; microscope@microscope microscopio m;
    telescope@telescope telescopio m; ruler=straight-ruler@straightruler regla f; pencil@pencil lápiz m;
    paintbrush pincel m; crayon lápiz_de_cera m; key@key llave f; broom escoba f; toothbrush cepillo_de_dientes m;
    spoon cuchara f; knife=kitchen-knife@hocho cuchillo m`,
  toy: `
    balloon@balloon globo m; teddy_bear=teddy-bear osito_de_peluche m; kite cometa f; yoyo=yo-yo yoyó m;
    die=game-die@gamedie dado m; puzzle_piece=puzzle-piece pieza_de_puzle f;
    soccer_ball=soccer-ball@soccerball balón_de_fútbol m; baseball@baseball pelota_de_béisbol f;
    basketball balón_de_baloncesto m; volleyball balón_de_voleibol m;
    football=american-football@americanfootball balón_ovalado m; racket=tennis raqueta f;
    trophy@trophy trofeo m; boxing_glove=boxing-glove guante_de_boxeo m; sled trineo m;
    dartboard=bullseye@directhit diana f; gamepad=video-game@videogame mando m;
    crystal_ball=crystal-ball@crystalball bola_de_cristal f`,
  device: `
    watch@watch reloj_de_pulsera m; alarm_clock=alarm-clock@alarmclock despertador m; radio@radio radio f;
    telephone@blacktelephone teléfono m; phone=mobile-phone@cellphone móvil m; battery@battery pila f;
    plug=electric-plug@electricplug enchufe m; laptop@personalcomputer portátil m; printer@printer impresora f;
    television@television televisión f; camera@camera cámara f; light_bulb=light-bulb@lightbulb bombilla f;
    flashlight@electrictorch linterna f; microphone@microphone micrófono m; satellite satélite m;
    joystick joystick m; stopwatch cronómetro m`,
  household: `
    cup=teacup-without-handle@teacupwithouthandle taza f; teapot tetera f; wine_glass=wine-glass@wineglass copa f;
    beer_mug=beer-mug@beermug jarra_de_cerveza f; baby_bottle=baby-bottle@babybottle biberón m; jar tarro m;
    amphora ánfora a; candle@candle vela f; book=closed-book@closedbook libro m; newspaper@newspaper periódico m;
    envelope@envelope sobre m; mailbox=postbox@postbox buzón m; door@door puerta f;
    window@window ventana f; mirror espejo m; bed cama f; chair silla f; toilet@toilet inodoro m;
    bathtub@bathtub bañera f; basket cesta f; bucket cubo m; soap jabón m; sponge esponja f;
    shopping_cart=shopping-cart carrito m; gift=wrapped-gift regalo m; umbrella@umbrella paraguas m;
    hourglass=hourglass-not-done@hourglassflowingsand reloj_de_arena m; coin moneda f`,
  sky: `
    sun@whitesun sol m; moon=crescent-moon@crescentmoon luna f; cloud@cloud nube f; rainbow@rainbow arcoíris m;
    snowflake@snowflake copo_de_nieve m; planet=ringed-planet planeta m; comet meteorito m;
    lightning_bolt=high-voltage rayo m; droplet@droplet gota f; fire@fire fuego m;
    snowman@snowmanwithoutsnow muñeco_de_nieve m`,
} as const
