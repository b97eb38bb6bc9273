#!/usr/bin/perl
# git's file system monitor (githooks(5), "fsmonitor-watchman", version 2) for the contexts of mizer.
#
# A context is an overlay: what it changed since its snapshot is in its upper directory and nowhere else. The answer is always everything
# that may differ from the snapshot for which the index was first made, whatever git asks "since", so nothing is remembered that could be
# wrong. git forgets what it knew of each path named, and of the untracked files in the directory that holds it:
#
#   PATH      everything but directories in the upper directory, whiteouts too: written, replaced or deleted
#   D, D/     a directory that hides what is below it (opaque): the file of that name and all index entries in it
#   D/.mizer  every directory in the upper directory: the list of its untracked files. The name itself means nothing
#   delta     what differs between the snapshot the index was made for and the one the context stands on
#   extra     index entries that are not in the snapshot: when such a file is deleted, the upper directory shows no trace of it
#
# As long as the index is the one the context was made with, all it knows is the snapshot: then there is no extra, and the top directory,
# which always is in the upper one, is only named when there is more in it than .git. So a status leaves that index as it is, and shared.
#
# `DIR/mizer` in the git directory holds, NUL-terminated: `view` (where the work tree may be seen, then an empty text, the upper directory,
# the place in it, the end of the first index in hexadecimal), `present` (index entries that are in the snapshot), `delta`, `extra` (20
# bytes: the end of the index it was made from, then paths).
# Where anything is amiss the answer is "/": look at everything yourself.
use strict;

my $LGETXATTR = 192;    # the system call's number, set for the machine where this file is installed
my $ENODATA = 61;
my $opaque = 'user.overlay.opaque';    # perl hands only variables to system calls

sub everything { print "mizer\0/\0"; exit 0 }

sub content {
    open(my $file, '<', $_[0]) or return undef;
    local $/;
    return scalar(<$file>) // '';
}

# The hash at the end of the index: the same end is the same index.
sub index_end {
    open(my $file, '<', $_[0]) or return undef;
    seek($file, -20, 2) or return undef;
    my $end;
    return read($file, $end, 20) == 20 ? $end : undef;
}

sub is_opaque {
    my $value = "\0" x 8;
    return syscall($LGETXATTR, my $directory = $_[0], $opaque, $value, 8) >= 0 || $! != $ENODATA;
}

my $git = $ENV{GIT_DIR} // everything();
my $view = content("$git/mizer/view") // everything();
my ($places, $rest) = split(/\0\0/, $view, 2);
my ($upper, $prefix, $first) = split(/\0/, $rest, -1);

# Another tree that came by this git directory (a copy of the work tree, a switch behind a shell's back) is not what the view describes.
my $here = readlink('/proc/self/cwd');
everything() unless grep { $_ eq $here } split(/\0/, $places);
my ($link) = (content('.git') // '') =~ /^gitdir: (.*?)\n*\z/s;
my ($device, $inode) = stat($git);
my ($same_device, $same_inode) = stat($link // everything());
everything() unless defined $inode && $inode == $same_inode && $device == $same_device;

# A submodule's part of the upper directory says nothing when a directory above it hides the snapshot.
my $top = $upper;
for my $part (split(m{/}, $prefix)) {
    $top .= "/$part";
    everything() if !lstat($top) || !-d _ || is_opaque($top);
}

my $index = $ENV{GIT_INDEX_FILE} // "$git/index";
my $end = index_end($index);
my $is_first = defined $end && unpack('H*', $end) eq $first;

my @answer;
my @directories = ('');
while (defined(my $directory = pop @directories)) {
    opendir(my $handle, "$top/$directory") or everything();
    my @names = grep { $_ ne '.' && $_ ne '..' } readdir $handle;
    my $is_untouched = $is_first && $directory eq '' && @names == 1 && $names[0] eq '.git';
    push @answer, "${directory}.mizer" unless $is_untouched;
    for my $name (@names) {
        my $path = $directory . $name;
        if (lstat("$top/$path") && -d _) {
            push @directories, "$path/";
            push @answer, $path, "$path/" if is_opaque("$top/$path");
        }
        else {
            push @answer, $path;
        }
    }
}

# Index entries that are not in the snapshot, worked out once for each index.
sub extra {
    return '' if $is_first || !defined $end;
    my $known = content("$git/mizer/extra") // '';
    my $has_hash = $end ne "\0" x 20;
    return substr($known, 20) if $has_hash && substr($known, 0, 20) eq $end;

    local $ENV{LC_ALL} = 'C';
    open(my $entries, '-|', qw(git -c core.fsmonitor=false ls-files --sparse -z)) or everything();
    open(STDIN, '<&', $entries) or everything();
    open(my $list, '-|', qw(comm -z -13), "$git/mizer/present", '-') or everything();
    my $extra = do { local $/; scalar(<$list>) // '' };
    close($list) or everything();
    close($entries) or everything();

    if ($has_hash && (index_end($index) // '') eq $end && open(my $file, '>', "$git/mizer/extra.$$")) {
        my $written = print($file $end, $extra) && close($file);
        rename("$git/mizer/extra.$$", "$git/mizer/extra") if $written;
        unlink("$git/mizer/extra.$$") if !$written;
    }
    return $extra;
}

my $extra = extra();
my $delta = content("$git/mizer/delta") // '';
print "mizer\0", $delta, $extra, map { "$_\0" } @answer;
