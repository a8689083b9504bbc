# bash completion of immp(1)

_immp()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local commands='login logout passwd devices send folders list read save
		import export download mark delete restore shell'
	local word command='' skip='' options='' files=''

	# The command is the first word that is neither an option nor the
	# value of -a.
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		if [[ -n $skip ]]; then
			skip=
		elif [[ $word == -a ]]; then
			skip=1
		elif [[ $word != -* ]]; then
			command=$word
			break
		fi
	done

	case $command in
	'') options='-a --json --help --version' ;;
	login)
		options='--server --password-stdin --device --accept
			--accept-new'
		;;
	send)
		options='-s -a --cc --bcc --from --reply --html --important
			--secure --anonymous'
		if [[ $prev == -a ]]; then
			files=1
		fi
		;;
	list) options='--limit --unread --before --json' ;;
	read) options='--part --raw --mime --peek --json' ;;
	save) files=1 ;;
	import)
		options='--to --read --keep-original --mbox --json'
		files=1
		if [[ $prev == --mbox ]]; then
			mapfile -t COMPREPLY < <(compgen -W \
				'auto o rd cl cl2' -- "$cur")
			return
		fi
		if [[ $prev == -t || $prev == --to ]]; then
			files=''
		fi
		;;
	export)
		options='--format --json'
		files=1
		if [[ $prev == -f || $prev == --format ]]; then
			options=''
			files=''
			mapfile -t COMPREPLY < <(compgen -W \
				'maildir mbox eml json' -- "$cur")
			return
		fi
		;;
	download)
		options='--delete --json'
		files=1
		;;
	esac

	COMPREPLY=()
	if [[ -n $files && $cur != -* ]]; then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --help" -- "$cur")
	elif [[ -z $command && $prev != -a ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
	fi
} && complete -F _immp immp
