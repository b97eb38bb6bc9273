// The library `mizer/observe`: what is exported here is public.
export {};
