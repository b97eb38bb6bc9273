#ifndef HOUSE_H
#define HOUSE_H

void door(void);
void attic(void);
void cellar(void);
void garden(void);
void hall(void);
void kitchen(void);
void library(void);
void nursery(void);
void parlour(void);
void pantry(void);
void stairs(void);

#endif
