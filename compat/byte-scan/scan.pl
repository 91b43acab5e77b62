#!/usr/bin/env perl
# Looks for byte strings in every file below some directories. Shares no code with the product.
#
#     scan.pl NEEDLES DIR...
#
# NEEDLES is a file of one needle a line: `text:…` (looked for as UTF-8, as UTF-16, as hex, and in the three alignments of
# both base64 alphabets) or `hex:…` (looked for as those bytes). Prints one JSON document: files and bytes read, and of
# each hit the needle's number and the file. A needle itself is never printed. Exits 0 when nothing was found, 1 when
# something was. Perl, because its alternation of literals is a trie: thousands of needles cost one pass.
use strict;
use warnings;
use Encode qw(decode encode);
use File::Find;
use JSON::PP;
use MIME::Base64 qw(encode_base64);

local ${^RE_TRIE_MAXBUF} = 1 << 30;

# What stays the same of a base64 text whatever stands before and after the needle.
sub base64_forms {
    my ($raw) = @_;
    my %forms;
    for my $lead (0 .. 2) {
        my $encoded = encode_base64(("\0" x $lead) . $raw, '');
        $encoded =~ s/=+$//;
        my $first = (0, 2, 3)[$lead];
        my $last = length($encoded) - (($lead + length $raw) % 3 ? 1 : 0);
        my $middle = substr $encoded, $first, $last - $first;
        next if length $middle < 6;
        (my $url = $middle) =~ tr{+/}{-_};
        @forms{$middle, $url} = ();
    }
    return keys %forms;
}

sub forms_of {
    my ($line) = @_;
    my ($kind, $rest) = split /:/, $line, 2;
    return (pack 'H*', $rest) if $kind eq 'hex' && $rest =~ /^([0-9a-f]{2})+$/;
    die "a needle starts with text: or hex:\n" if $kind ne 'text' || $rest eq '';
    my $text = decode('UTF-8', $rest);
    my $hex = unpack 'H*', $rest;
    return ($rest, encode('UTF-16LE', $text), encode('UTF-16BE', $text), $hex, uc $hex, base64_forms($rest));
}

my ($needles, @directories) = @ARGV;
die "usage: scan.pl NEEDLES DIR...\n" unless @directories;
open my $lines, '<:raw', $needles or die "$needles: $!\n";
my %number_of;
my $count = 0;
my $longest = 0;
while (my $line = <$lines>) {
    chomp $line;
    next if $line eq '';
    for my $form (forms_of($line)) {
        push @{ $number_of{$form} }, $count;
        $longest = length $form if length $form > $longest;
    }
    $count++;
}
die "no needles: nothing would be proved\n" unless $count;
my $any = join '|', map { quotemeta } sort { length $b <=> length $a } keys %number_of;
my $found = qr/(?=($any))/;

my %report = (needles => $count, files => 0, bytes => 0);
my %hits;

sub scan_file {
    my ($path) = @_;
    open my $file, '<:raw', $path or return;    # unlinked between the listing and the look
    $report{files}++;
    my $window = '';
    while (my $read = sysread $file, my $chunk, 1 << 24) {
        $report{bytes} += $read;
        $window .= $chunk;
        while ($window =~ /$found/g) {
            $hits{"$_ $path"} = { needle => $_, file => $path } for @{ $number_of{$1} };
        }
        # What may be the beginning of a needle is looked at again together with what follows.
        $window = $longest > 1 ? substr($window, -($longest - 1)) : '' if length $window >= $longest;
    }
}

find({ no_chdir => 1, wanted => sub { scan_file($_) if -f $_ } }, @directories);
$report{hits} = [map { $hits{$_} } sort keys %hits];
print JSON::PP->new->canonical->encode(\%report), "\n";
exit(@{ $report{hits} } ? 1 : 0);
