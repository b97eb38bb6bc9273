#define COLOUR "grey"
