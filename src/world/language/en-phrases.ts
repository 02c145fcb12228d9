/** Phrasings of one picture, several pictures, films, sounds and tables in English. */
const PICTURE = {
  nameThis: [
    'what is this?',
    'what does the picture show?',
    'name the thing in the picture.',
    'which thing do you see?',
  ],
  nameBeside: ['what is {place} {the}?', 'which thing is {place} {the}?', 'name the thing {place} {the}.'],
  nameAt: ['what is at {point}?', 'which thing is at {point}?', 'name what is at {point}.'],
  exist: ['is there {a}?', 'do you see {a}?', 'does the picture show {a}?', 'can you find {a} here?'],
  count: [
    'how many {many} are there?',
    'count the {many}.',
    'how many {many} do you see?',
    'what is the number of {many}?',
  ],
  kindThis: ['what kind of thing is this?', 'to which group does it belong?', 'what sort of thing do you see?'],
  kindAt: ['what kind of thing is at {point}?', 'to which group does the thing at {point} belong?'],
  odd: ['which one does not belong?', 'what is the odd one out?', 'which thing does not fit the others?'],
  relation: ['is {the} {place} {other}?', 'do you find {the} {place} {other}?', 'does {the} lie {place} {other}?'],
  further: ['what is further {side}, {the} or {other}?', 'which lies further {side}: {the} or {other}?'],
  box: [
    'where is {the}? give its box.',
    'give the box of {the}.',
    'locate {the} with a box.',
    'draw a box around {the}.',
  ],
  point: ['point to {the}.', 'where is the middle of {the}?', 'give a point on {the}.'],
  color: ['what color is {the}?', 'which color does {the} have?', 'what is the color of {the}?'],
  withColor: ['what is {color} here?', 'which thing is {color}?', 'name the {color} thing.'],
  front: ['which is in front, {the} or {other}?', 'what covers the other: {the} or {other}?'],
  caption: ['describe the picture in short.', 'give a short caption.', 'what is there? answer in one line.'],
  story: ['describe the picture in detail.', 'say what is where.', 'give a long caption.'],
  located: ['{a} {part}'],
  fits: [
    'is this true of the picture: {caption}?',
    'does this caption fit: {caption}?',
    'right or wrong, as yes or no: {caption}?',
  ],
  read: ['what is written here?', 'read the word.', 'which word do you see?'],
  highest: ['whose bar is the highest?', 'which thing has the largest value?'],
  lowest: ['whose bar is the lowest?', 'which thing has the smallest value?'],
  value: ['how high is the bar of {the}?', 'what is the value of {the}?', 'which value does {the} have?'],
  cell: ['what is in row {row}, column {column}?', 'which thing is in column {column} of row {row}?'],
  colorOfIt: ['what color is it?', 'and its color?'],
  boxOfIt: ['where is it? give its box.', 'give its box.'],
  kindOfIt: ['what kind of thing is it?', 'to which group does it belong?'],
  besideIt: ['what is {place} it?', 'which thing is {place} it?'],
  same: ['do both pictures show the same things?', 'are the same things in both pictures?'],
  which: ['which picture shows {a}?', 'in which picture is {a}?', 'where do you see {a}: in which picture?'],
  across: ['how many pictures show {a}?', 'in how many pictures is there {a}?'],
  total: ['how many {many} are there in all pictures together?', 'count the {many} in all pictures.'],
  extra: [
    'what is in the {second} picture but not in the {first}?',
    'what does only the {second} picture show, not the {first}?',
  ],
  fuller: ['which picture shows more things?', 'in which picture are there more things?'],
}

const FILM = {
  enter: ['{the} appears'],
  leave: ['{the} disappears'],
  move: ['{the} moves {direction}'],
  turn: ['{the} turns around'],
  grow: ['{the} grows'],
  shrink: ['{the} shrinks'],
  recolor: ['{the} turns {color}'],
  blink: ['{the} blinks'],
  collide: ['{the} bumps into {other}'],
  hide: ['{the} hides behind {other}'],
  flash: ['{the} flashes up'],
  motion: ['which way does {the} move?', 'in which direction does {the} go?', 'where does {the} move to?'],
  mover: ['what moves {direction}?', 'which thing goes {direction}?', 'name what moves {direction}.'],
  actor: ['who does this: {clause}?', 'which thing is it of which this is true: {clause}?'],
  firstIn: ['what appears first?', 'which thing is the first to appear?'],
  lastIn: ['what appears last?', 'which thing is the last to appear?'],
  times: ['how many times does {the} blink?', 'how often does {the} blink?'],
  order: ['what happens first: {clause}, or {later}?', 'which comes first: {clause}, or {later}?'],
  isBefore: ['is it so that {clause} before {later}?', 'does this come in this order: {clause}, then {later}?'],
  when: ['at which second is it that {clause}?', 'when is it that {clause}? give the second.'],
  interval: ['from when to when is it that {clause}?', 'between which seconds is it that {clause}?'],
  thereBefore: ['was there {a} before {clause}?', 'did you see {a} before {clause}?'],
  countAt: ['how many things are there at second {time}?', 'count the things at second {time}.'],
  countStart: ['how many things are there at the start?', 'how many things does the first frame show?'],
  countEnd: ['how many things are there at the end?', 'how many things does the last frame show?'],
  appeared: ['how many things appear during the film?', 'how many things come into the film?'],
  existAt: ['is there {a} at second {time}?', 'do you see {a} at second {time}?'],
  colorAt: ['what color is {the} at second {time}?', 'which color does {the} have at second {time}?'],
  colorAfter: ['which color does {the} turn?', 'what color is {the} at the end?'],
  partAt: ['where is {the} at second {time}?', 'in which part of the picture is {the} at second {time}?'],
  needle: ['what shows for one frame only?', 'which thing is seen in a single frame?'],
  needleWord: ['which word shows for one frame?', 'read the word that flashes up.'],
  odd: ['what does the one odd frame show?', 'what stands on the single frame that does not belong?'],
  behind: ['behind what does {the} hide?', 'what hides {the}?'],
  comesBack: ['does {the} come back?', 'is {the} seen again later?'],
  hit: ['what does {the} bump into?', 'which thing does {the} hit?'],
  cuts: ['how many scenes are there?', 'of how many shots is the film made?'],
  ever: ['is there ever {a}?', 'does {a} show up at any time?'],
  happens: ['describe what happens.', 'what happens, in order?', 'tell the events of the film.'],
  background: ['does the background move?', 'is the background moving?'],
}

const SOUND = {
  voice: ['what do you hear?', 'which sound is it?', 'name the sound.'],
  sounds: ['how many sounds are there?', 'how many sounds do you hear?', 'count the sounds.'],
  heard: ['do you hear {sound}?', 'is there {sound}?'],
  firstSound: ['which sound comes first?', 'what do you hear first?'],
  lastSound: ['which sound comes last?', 'what do you hear last?'],
  louder: ['which is louder, {sound} or {other}?', 'what is louder: {sound} or {other}?'],
  higher: ['which is higher, {sound} or {other}?', 'what has the higher pitch: {sound} or {other}?'],
  soundWhen: ['when does {sound} start? give the second.', 'at which second does {sound} begin?'],
  beats: ['how many knocks does the rhythm have?', 'how often does the rhythm knock?'],
  source: ['which thing makes {sound}?', 'what does {sound} come from?'],
  soundOf: ['which sound does {the} make?', 'what do you hear of {the}?'],
}

const TABLE = {
  putBeside: ['put {the} {place} {other}', 'place {the} {place} {other}', 'move {the} so that it is {place} {other}'],
  putAt: ['put {the} {part}', 'move {the} so that it is {part}'],
  swap: ['swap {the} and {other}', 'let {the} and {other} change places'],
  gather: ['put {the} next to {other}', 'move {the} close to {other}'],
}

export const PHRASES = { ...PICTURE, ...prefixed(FILM), ...SOUND, ...TABLE }

type Prefixed<T> = { [K in keyof T & string as `film.${K}`]: T[K] }

/** Films ask of some things in other words than pictures do. */
function prefixed<T extends Record<string, string[]>>(phrases: T): Prefixed<T> {
  return Object.fromEntries(Object.entries(phrases).map(([key, value]) => [`film.${key}`, value])) as Prefixed<T>
}

export type PhraseKey = keyof typeof PHRASES
